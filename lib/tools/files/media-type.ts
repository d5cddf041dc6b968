import mime from 'mime';

/** The media type of a file name, with its character set when it is text. */
export function contentType(path: string): string {
  const type = mime.getType(path) ?? 'application/octet-stream';
  return isText(type) ? `${type}; charset=utf-8` : type;
}

/** Whether content of this type, which has no parameters, is text. */
export function isText(type: string): boolean {
  return type.startsWith('text/') || /[/+](?:json|xml|javascript)$/.test(type);
}
