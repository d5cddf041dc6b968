import net from 'node:net';

const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/;
const UUID = /^[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}$/i;
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

const always = (): boolean => true;
const text = (test: (value: string) => boolean) => (value: unknown) => test(String(value));

/** The formats of values that are checked. */
const CHECKED: Readonly<Record<string, (value: unknown) => boolean>> = {
  int32: (value) => (Number(value) | 0) === value,
  // What is read of the largest one is one more.
  int64: (value) => Number.isInteger(value) && Math.abs(Number(value)) <= 2 ** 63,
  float: always,
  double: always,
  password: always,
  byte: text((value) => BASE64.test(value)),
  date: text((value) => value.length === 10 && isDay(value)),
  'date-time': text(
    (value) => TIME.test(value) && isDay(value.slice(0, 10)) && !Number.isNaN(Date.parse(value)),
  ),
  ipv4: text((value) => net.isIPv4(value)),
  ipv6: text((value) => net.isIPv6(value)),
  cidr: text((value) => {
    const [address = '', bits = '', more] = value.split('/');
    const most = { 0: -1, 4: 32, 6: 128 }[net.isIP(address)] as number;
    return more === undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
  }),
  uuid: text((value) => UUID.test(value)),
};

/** Those that Kubernetes checks, and this server does not. */
const UNCHECKED = [
  ...['bsonobjectid', 'uri', 'email', 'hostname', 'mac', 'uuid3', 'uuid4', 'uuid5', 'isbn'],
  ...['isbn10', 'isbn13', 'creditcard', 'ssn', 'hexcolor', 'rgbcolor', 'duration', 'datetime'],
  ...['k8s-short-name', 'k8s-long-name'],
];

/** Whether it is known here what a format says; what Kubernetes does not know says nothing. */
export function isFormatKnown(format: string): boolean {
  return !UNCHECKED.includes(format);
}

/** Whether there is such a day: 30 February is none. */
function isDay(value: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(value) ? Date.parse(value) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}

/** Whether a value is as its format says. */
export function hasFormat(format: string, value: unknown): boolean {
  return !Object.hasOwn(CHECKED, format) || (CHECKED[format]?.(value) ?? true);
}
