/** A name and a value. */
export interface HarPair {
  /** As it was sent or received. */
  readonly name: string;
  /** `***` where it may be a secret, unless secrets are asked for. */
  readonly value: string;
}

/** What requests and responses of a HAR have in common. Sizes are bytes, -1 where they are not known. */
export interface HarMessage {
  /** `spdy/3.1`, `spdy/3`, `spdy/2` or `HTTP/1.1`; `unknown` where nothing was sent or received. */
  readonly httpVersion: string;
  /** Header fields, one for each value. */
  readonly headers: readonly HarPair[];
  /** Names and values of cookies. */
  readonly cookies: readonly HarPair[];
  /** Always -1: header blocks are compressed. */
  readonly headersSize: number;
  /** Bytes of the body, as they were transferred. */
  readonly bodySize: number;
}

/** A request of a HAR. */
export interface HarRequest extends HarMessage {
  /** In upper case. */
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  /** Parameters in the query of the URL, decoded. */
  readonly queryString: readonly HarPair[];
}

/** A response of a HAR. */
export interface HarResponse extends HarMessage {
  /** 0 where no response came. */
  readonly status: number;
  /** May be empty. */
  readonly statusText: string;
  /** The body, of which only this is recorded: its bytes as transferred, and its `content-type`, which may be empty. */
  readonly content: { readonly size: number; readonly mimeType: string; readonly comment?: string };
  /** The field `location`, empty where there is none. */
  readonly redirectURL: string;
}

/** Where the time of a request went, in milliseconds; -1 where it is not known. */
export interface HarTimings {
  /** Until the request had its connection. */
  readonly blocked: number;
  /** Always -1: it is part of `blocked`. */
  readonly dns: number;
  /** Always -1: it is part of `blocked`. */
  readonly connect: number;
  /** Until the request was sent with its body. */
  readonly send: number;
  /** Until the head of the response came. */
  readonly wait: number;
  /** Until the body of the response was there. */
  readonly receive: number;
}

/** A request and what became of it. */
export interface HarEntry {
  /** When the request was made, in the form of ISO 8601. */
  readonly startedDateTime: string;
  /** All of it, in milliseconds. */
  readonly time: number;
  /** The request. */
  readonly request: HarRequest;
  /** The response. */
  readonly response: HarResponse;
  /** Always empty: there is no cache. */
  readonly cache: Readonly<Record<string, never>>;
  /** Where the time went. */
  readonly timings: HarTimings;
  /** Address of the server, or of a proxy; absent where it is not known. */
  readonly serverIPAddress?: string | undefined;
  /** Our port of the connection: requests with the same one shared it. Absent where it is not known. */
  readonly connection?: string | undefined;
  /** Why the request failed, or its response broke off. */
  readonly _error?: string | undefined;
  /** True: the request was not over yet. */
  readonly _unfinished?: boolean | undefined;
}

/** HAR 1.2. */
export interface HarDocument {
  /** The only member. */
  readonly log: {
    readonly version: '1.2';
    readonly creator: { readonly name: string; readonly version: string };
    readonly entries: readonly HarEntry[];
    readonly comment?: string | undefined;
  };
}
