/** What OpenSSL's error codes come from, by a part of the code. */
const CAUSES: readonly (readonly [code: RegExp, sentence: string])[] = [
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/, 'the other side does not speak TLS'],
  [/HTTPS?_(?:PROXY_)?REQUEST/, 'the other side speaks HTTP without TLS'],
  [/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, 'there is no version of TLS that both sides speak'],
  [/NO_APPLICATION_PROTOCOL/, 'there is no protocol (ALPN) that both sides speak'],
  [/NO_SHARED_CIPHER|HANDSHAKE_FAILURE/, 'there is no cipher or certificate that suits both sides'],
  [/CERTIFICATE_REQUIRED|DID_NOT_RETURN_A_CERTIFICATE/, 'the client has to show a certificate'],
  [
    /UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_/,
    "the other side does not accept this side's certificate",
  ],
  [/UNRECOGNIZED_NAME/, 'the server has no certificate for this name (servername)'],
];

/** What a write says of TLS that has failed before it: function and reason stand in the message only. */
const IN_MESSAGE = /:SSL routines:[^:]*:([^:]+):/;

/**
 * Gives an error of OpenSSL a message for people: `TLS: the other side does not speak TLS (wrong version number)`. Its `code` and `reason`
 * stay, as does every other error.
 */
export function explainTls<E>(error: E): E {
  if (!(error instanceof Error)) return error;
  const reason = reasonOf(error);
  if (reason === null) return error;
  const { code } = error as NodeJS.ErrnoException;
  const name = code === 'EPROTO' ? reason.toUpperCase().replaceAll(' ', '_') : String(code);
  const sentence = CAUSES.find(([part]) => part.test(name))?.[1];
  error.message = sentence === undefined ? `TLS: ${reason}` : `TLS: ${sentence} (${reason})`;
  return error;
}

/** What OpenSSL calls it; null for an error of something else. */
function reasonOf(error: Error): string | null {
  const { code, library, reason } = error as Error & Readonly<Record<string, unknown>>;
  if (code === 'EPROTO') return IN_MESSAGE.exec(error.message)?.[1] ?? null;
  if (typeof code !== 'string' || library !== 'SSL routines') return null;
  return typeof reason === 'string' ? reason : null;
}
