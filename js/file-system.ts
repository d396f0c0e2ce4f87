// Files and folders, as far as this library needs them. Written down here so that no caller's TypeScript needs the DOM for it, and so
// that tests can put fakes here.

/** A Blob and the name of its file; empty if it has none. */
export interface NamedBlob {
  readonly name: string;
  readonly blob: Blob;
}

/** A folder. */
export interface Directory {
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<Directory>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileEntry>;
  removeEntry(name: string, options?: { recursive?: boolean }): Promise<void>;
  entries(): AsyncIterable<[string, { readonly kind: 'file' | 'directory' }]>;
}

/** A file. */
export interface FileEntry {
  getFile(): Promise<Blob & { readonly lastModified: number }>;
  /** In workers only. */
  createSyncAccessHandle?(): Promise<SyncHandle>;
}

/** Writes at once. Only one may be open on a file. */
export interface SyncHandle {
  getSize(): number;
  truncate(size: number): void;
  write(bytes: Uint8Array, options?: { at: number }): number;
  flush(): void;
  close(): void;
}
