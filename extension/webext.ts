// The part of the WebExtensions API that is used here. Firefox has it under the same name, with promises under Manifest V3.

interface Event<Listener> {
  addListener(listener: Listener): void;
}

/** Who sent a message. */
export interface Sender {
  readonly tab?: { readonly id?: number | undefined } | undefined;
  readonly frameId?: number | undefined;
}

/** What was clicked in a context menu. */
export interface Clicked {
  readonly menuItemId: string | number;
  readonly srcUrl?: string | undefined;
  readonly frameId?: number | undefined;
  readonly pageUrl?: string | undefined;
}

export interface TabInfo {
  readonly id?: number | undefined;
  readonly url?: string | undefined;
}

interface Area {
  get(key: string): Promise<Record<string, unknown>>;
  set(values: Record<string, unknown>): Promise<void>;
  remove(key: string): Promise<void>;
}

/** What a listener of messages answers with `respond` counts if it returned true. */
export type MessageListener = (message: unknown, sender: Sender, respond: (answer: unknown) => void) => boolean;

interface Api {
  readonly runtime: {
    readonly onMessage: Event<MessageListener>;
    readonly onInstalled: Event<() => void>;
    sendMessage(message: unknown): Promise<unknown>;
    getURL(path: string): string;
    openOptionsPage(): Promise<void>;
  };
  readonly storage: {
    readonly local: Area;
    readonly session: Area;
    readonly onChanged: Event<(changes: Record<string, { newValue?: unknown }>, area: string) => void>;
  };
  readonly action: {
    readonly onClicked: Event<(tab: TabInfo) => void>;
    setBadgeText(details: { tabId: number; text: string }): Promise<void>;
    setBadgeBackgroundColor(details: { color: string }): Promise<void>;
  };
  readonly contextMenus: {
    readonly onClicked: Event<(clicked: Clicked, tab?: TabInfo) => void>;
    create(properties: { id: string; title: string; contexts: string[] }): void;
    removeAll(): Promise<void>;
  };
  readonly tabs: {
    readonly onRemoved: Event<(tabId: number) => void>;
    sendMessage(tabId: number, message: unknown, options?: { frameId: number }): Promise<unknown>;
  };
  /** Absent in Firefox. */
  readonly offscreen?: {
    createDocument(parameters: { url: string; reasons: string[]; justification: string }): Promise<void>;
    hasDocument(): Promise<boolean>;
  };
}

declare const chrome: Api;

/** The API of the browser. */
export const webext: Api = chrome;
