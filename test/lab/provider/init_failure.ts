import { Metadata, status } from '@grpc/grpc-js';
import providerMessages from '@pulumi/pulumi/proto/provider_pb.js';
import statusMessages from '@pulumi/pulumi/proto/status_pb.js';
import anyMessages from 'google-protobuf/google/protobuf/any_pb.js';
import structMessages from 'google-protobuf/google/protobuf/struct_pb.js';

import type { JsonObject } from './property_values.ts';

/** The engine's form for "made, but not ready": the state keeps the object, and the next run goes on from there. */
export class InitFailure extends Error {
  override readonly name = 'InitFailure';
  readonly #id: string;
  readonly #properties: JsonObject;

  /** `id` and `properties` as the state is to keep them; `reason` is what the user reads. */
  constructor(id: string, properties: JsonObject, reason: string) {
    super(reason);
    this.#id = id;
    this.#properties = properties;
  }

  /** The failure as gRPC carries structured errors: in the trailer `grpc-status-details-bin`. */
  details(): Metadata {
    const failure = new providerMessages.ErrorResourceInitFailed();
    failure.setId(this.#id);
    failure.setProperties(structMessages.Struct.fromJavaScript(this.#properties));
    failure.setReasonsList([this.message]);
    const packed = new anyMessages.Any();
    packed.pack(failure.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
    const details = new statusMessages.Status();
    details.setCode(status.UNKNOWN);
    details.setMessage(this.message);
    details.addDetails(packed);
    const metadata = new Metadata();
    metadata.add('grpc-status-details-bin', Buffer.from(details.serializeBinary()));
    return metadata;
  }
}
