import { byId } from './dom.ts';
import { fromDrop, fromFiles, fromFolder, fromPaste, type Intake } from './intake.ts';

/** Lets photos be dropped anywhere on the page, pasted, or picked as files or as a folder. */
export function takePhotos(add: (intake: Intake) => void): void {
  dropAnywhere(add);
  let pasted = 0;
  addEventListener('paste', ({ clipboardData }) => {
    if (!clipboardData?.files.length) return;
    const photos = fromPaste(clipboardData, pasted);
    pasted += photos.length;
    add({ photos, lost: [] });
  });
  pick(byId<HTMLInputElement>('pick-files'), '[data-action="files"]', (files) =>
    add({ photos: fromFiles(files), lost: [] }),
  );
  pick(byId<HTMLInputElement>('pick-folder'), '[data-action="folder"]', (files) =>
    add({ photos: fromFolder(files), lost: [] }),
  );
}

function dropAnywhere(add: (intake: Intake) => void): void {
  const root = document.documentElement;
  // Entering a child comes before leaving its parent, so the depth is zero only outside the page.
  let depth = 0;
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
  const show = (value: number) => {
    depth = Math.max(0, value);
    root.toggleAttribute('data-dropping', depth > 0);
  };
  addEventListener('dragenter', (event) => {
    if (hasFiles(event)) show(depth + 1);
  });
  addEventListener('dragleave', (event) => {
    if (hasFiles(event)) show(depth - 1);
  });
  addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
  });
  addEventListener('drop', (event) => {
    if (!event.dataTransfer || !hasFiles(event)) return;
    event.preventDefault();
    show(0);
    void fromDrop(event.dataTransfer).then(add);
  });
}

function pick(input: HTMLInputElement, buttons: string, take: (files: File[]) => void): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(buttons)) {
    // Phones cannot pick a folder; a button that does nothing is worse than none.
    if (input.hasAttribute('webkitdirectory') && !('webkitdirectory' in input)) button.hidden = true;
    button.addEventListener('click', () => input.click());
  }
  input.addEventListener('change', () => {
    take([...(input.files ?? [])]);
    // The same file can then be picked again.
    input.value = '';
  });
}
