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

/**
 * Gives an error of OpenSSL a message for people: `TLS: the other side does not speak TLS (wrong version number)`. Its `code` and `reason`
 * stay, as does every other error.
 */
export function explainTls<E>(error: E): E {
  const { code, library, reason } = Object(error) as Readonly<Record<string, unknown>>;
  if (!(error instanceof Error) || typeof code !== 'string') return error;
  if (library !== 'SSL routines' || typeof reason !== 'string') return error;
  const sentence = CAUSES.find(([part]) => part.test(code))?.[1];
  error.message = sentence === undefined ? `TLS: ${reason}` : `TLS: ${sentence} (${reason})`;
  return error;
}
