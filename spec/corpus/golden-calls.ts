import type { DataSource } from '../../lib/engine/data-provider.ts';
import type { Engine } from '../../lib/engine/engine.ts';
import type { HeaderList, SettingsEntry } from '../../lib/protocol/frames.ts';
import { TestProvider, type TestProviderOptions, testProvider } from '../support/test-provider.ts';

/** A header value of a scenario: a string, or one that would be too long to write down. */
type Value = string | { readonly repeat: string; readonly count: number };

/** Arguments of a call, by name. Each method has some of them. */
interface Args {
  readonly priority: number;
  readonly headers: readonly (readonly [name: string, value: Value])[];
  readonly provider: TestProviderOptions | null;
  readonly userData: number | null;
  readonly flags: number;
  readonly streamId: number;
  readonly associatedToStreamId: number;
  readonly status: number;
  readonly entries: readonly SettingsEntry[];
  readonly delta: number;
  readonly length: number;
  readonly option: number;
  readonly value: number;
  readonly size: number;
}

/** A call of an engine method as a scenario describes it. */
export interface StepCall {
  readonly method: string;
  readonly args: Partial<Args>;
}

/** The size of the C type that Spdylay's setOption wants for each of its options. */
const OPTION_SIZE = 4;

/** What each call of the scenarios is in the engine. Submits return nothing, where Spdylay returns 0. */
const CALLS: Readonly<Record<string, (engine: Engine, args: Args, provider: Provider) => unknown>> =
  {
    submitRequest: (engine, args, provider) =>
      engine.submitRequest(args.priority, headerList(args), provider(args), args.userData),
    submitResponse: (engine, args, provider) =>
      engine.submitResponse(args.streamId, headerList(args), provider(args)),
    submitSynStream: (engine, args) =>
      engine.submitSynStream(
        args.flags,
        args.associatedToStreamId,
        args.priority,
        headerList(args),
        args.userData,
      ),
    submitSynReply: (engine, args) =>
      engine.submitSynReply(args.flags, args.streamId, headerList(args)),
    submitHeaders: (engine, args) =>
      engine.submitHeaders(args.flags, args.streamId, headerList(args)),
    submitData: (engine, args, provider) =>
      engine.submitData(args.streamId, args.flags, provider(args) as DataSource),
    submitRstStream: (engine, args) => engine.submitRstStream(args.streamId, args.status),
    submitPing: (engine) => {
      engine.submitPing();
    },
    submitGoaway: (engine, args) => engine.submitGoaway(args.status),
    submitSettings: (engine, args) => engine.submitSettings(args.flags, args.entries),
    submitWindowUpdate: (engine, args) => engine.submitWindowUpdate(args.streamId, args.delta),
    resumeData: (engine, args) => engine.resumeData(args.streamId) || false,
    consume: (engine, args) => engine.consume(args.streamId, args.length),
    failSession: (engine, args) => engine.failSession(args.status),
    setOption: (engine, args) => {
      // A wrong size of the value is a matter of C: there is no such call here. What Spdylay answers is
      // answered in its place, since the step after it shows that nothing changed.
      if (args.size !== OPTION_SIZE) return false;
      engine.setOption(args.option, args.value);
      return undefined;
    },
    getStreamRecvDataLength: (engine, args) => engine.getStreamRecvDataLength(args.streamId),
    getRecvDataLength: (engine) => engine.getRecvDataLength(),
  };

type Provider = (args: Args) => DataSource | null;

/** Makes a call; its value, 0 for nothing, false when there was nothing to resume. New providers are appended. */
export function callEngine(engine: Engine, call: StepCall, providers: TestProvider[]): unknown {
  const method = CALLS[call.method];
  if (!method) throw new Error(`the scenarios have no call ${call.method}`);
  const value = method(engine, call.args as Args, (args) => {
    const provider = testProvider(args.provider);
    if (provider instanceof TestProvider) providers.push(provider);
    return provider;
  });
  return typeof value === 'number' || value === false ? value : 0;
}

function headerList(args: Args): HeaderList {
  return args.headers.map(([name, value]) => [
    name,
    typeof value === 'string' ? value : value.repeat.repeat(value.count),
  ]);
}
