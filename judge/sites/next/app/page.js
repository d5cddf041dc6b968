// biome-ignore lint/style/noDefaultExport: Next wants it
export default function Page() {
  return <h1>at home</h1>;
}
