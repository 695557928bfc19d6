import { status } from '@grpc/grpc-js';
import type { handleUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import pluginMessages from '@pulumi/pulumi/proto/plugin_pb.js';
import providerMessages from '@pulumi/pulumi/proto/provider_pb.js';
import emptyMessages from 'google-protobuf/google/protobuf/empty_pb.js';
import structMessages from 'google-protobuf/google/protobuf/struct_pb.js';

import { ApiServer } from './api_server.ts';
import { autoname } from './autoname.ts';
import { asProviderInputs, clusterConfig } from './cluster_config.ts';
import { difference, type Mutable } from './diff.ts';
import type { EngineLog } from './engine_log.ts';
import { InitFailure } from './init_failure.ts';
import { asManifest, asProperties, manifestOfId, resourceId, type Manifest } from './manifest.ts';
import {
  createObject,
  deleteObject,
  NotReadyError,
  previewObject,
  updateObject,
  type Operation,
} from './objects.ts';
import { keepSecrets, plain, type JsonObject } from './property_values.ts';
import { providerDifference } from './provider_diff.ts';

type Struct = structMessages.Struct;

const STAND_IN =
  'this is a stand-in for the Kubernetes provider, a part of the tests: the official plugin could not be had here';

function read(properties: Struct | undefined): JsonObject {
  return properties?.toJavaScript() ?? {};
}

function write(properties: JsonObject): Struct {
  return structMessages.Struct.fromJavaScript(properties);
}

async function settleCall<Response>(
  answer: () => Response | Promise<Response>,
  callback: sendUnaryData<Response>,
): Promise<void> {
  let response: Response;
  try {
    response = await answer();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const metadata = error instanceof InitFailure ? { metadata: error.details() } : {};
    callback({ code: status.UNKNOWN, message, ...metadata });
    return;
  }
  callback(null, response);
}

/** A unary call as a function; whatever it throws becomes the call's error. */
function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    void settleCall(() => answer(call.request), callback);
  };
}

/** Type token and name of a URN, `urn:pulumi:<stack>::<project>::<parent>$<type>::<name>`. */
function parseUrn(urn: string): { type: string; name: string } {
  const [, , types = '', ...name] = urn.split('::');
  return { type: types.split('$').at(-1) ?? '', name: name.join('::') };
}

/** The provider protocol, call by call. `version` is that of `@pulumi/kubernetes`, whose resources it serves. */
export function providerService(version: string, log: EngineLog) {
  const cancellation = new AbortController();
  let configured: ApiServer | undefined;
  let mutable: Mutable = { configMaps: false, secrets: false };

  function api(): ApiServer {
    if (configured === undefined) {
      throw new Error('the engine asked before it configured the provider');
    }
    return configured;
  }

  function operation(urn: string, timeoutSeconds: number): Operation {
    return {
      timeoutSeconds,
      cancelled: cancellation.signal,
      tell: (progress) => log.progress(urn, progress),
    };
  }

  async function inNamespace(object: Manifest): Promise<Manifest> {
    if (object.metadata.namespace !== undefined) return object;
    if ((await api().isNamespaced(object)) !== true) return object;
    return { ...object, metadata: { ...object.metadata, namespace: api().defaultNamespace } };
  }

  /** Runs a create or update; an object that is there but not ready goes into the state all the same. */
  async function settle(
    object: Manifest,
    inputs: JsonObject,
    act: () => Promise<JsonObject>,
  ): Promise<Struct> {
    try {
      return write(keepSecrets(await act(), inputs));
    } catch (error) {
      if (!(error instanceof NotReadyError)) throw error;
      const kept = keepSecrets(error.object, inputs);
      throw new InitFailure(resourceId(object), kept, error.message);
    }
  }

  return {
    getPluginInfo: unary<emptyMessages.Empty, pluginMessages.PluginInfo>(() => {
      const info = new pluginMessages.PluginInfo();
      info.setVersion(version);
      return info;
    }),

    getSchema: unary<providerMessages.GetSchemaRequest, providerMessages.GetSchemaResponse>(() => {
      const response = new providerMessages.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: 'kubernetes', version, description: STAND_IN }));
      return response;
    }),

    checkConfig: unary((request: providerMessages.CheckRequest) => {
      const response = new providerMessages.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),

    diffConfig: unary((request: providerMessages.DiffRequest) => {
      const response = new providerMessages.DiffResponse();
      const before = plain(read(request.getOldInputs()));
      const { changed, replacing } = providerDifference(before, plain(read(request.getNews())));
      const { DIFF_NONE, DIFF_SOME } = providerMessages.DiffResponse.DiffChanges;
      response.setChanges(changed.length === 0 ? DIFF_NONE : DIFF_SOME);
      response.setDiffsList([...changed]);
      response.setReplacesList([...replacing]);
      return response;
    }),

    configure: unary((request: providerMessages.ConfigureRequest) => {
      const inputs = asProviderInputs(plain(read(request.getArgs())));
      configured = new ApiServer(clusterConfig(inputs));
      mutable = { configMaps: inputs.enableConfigMapMutable, secrets: inputs.enableSecretMutable };
      log.warning(STAND_IN);
      const response = new providerMessages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),

    check: unary(async (request: providerMessages.CheckRequest) => {
      const news = read(request.getNews());
      const olds = plain(read(request.getOlds()));
      const old = 'kind' in olds ? asManifest(olds) : undefined;
      const { name } = parseUrn(request.getUrn());
      const seed = request.getRandomseed_asU8();
      // Only `metadata` is changed here, so that secrets elsewhere keep their wrappers.
      const wanted = asManifest(plain(news));
      const named = await inNamespace(autoname(wanted, name, seed, old));
      const response = new providerMessages.CheckResponse();
      response.setInputs(write({ ...news, metadata: asProperties(named)['metadata'] ?? {} }));
      return response;
    }),

    diff: unary((request: providerMessages.DiffRequest) => {
      const before = asManifest(plain(read(request.getOldInputs())));
      const after = asManifest(plain(read(request.getNews())));
      const { changes, deleteBeforeReplace } = difference(before, after, mutable);
      const { DIFF_NONE, DIFF_SOME } = providerMessages.DiffResponse.DiffChanges;
      const { Kind } = providerMessages.PropertyDiff;
      const kinds = { add: Kind.ADD, delete: Kind.DELETE, update: Kind.UPDATE };
      const replacements = {
        add: Kind.ADD_REPLACE,
        delete: Kind.DELETE_REPLACE,
        update: Kind.UPDATE_REPLACE,
      };
      const response = new providerMessages.DiffResponse();
      response.setChanges(changes.length === 0 ? DIFF_NONE : DIFF_SOME);
      response.setDeletebeforereplace(deleteBeforeReplace);
      response.setHasdetaileddiff(true);
      for (const { path, kind, replaces } of changes) {
        response.addDiffs(path);
        if (replaces) response.addReplaces(path);
        const detail = new providerMessages.PropertyDiff();
        detail.setKind((replaces ? replacements : kinds)[kind]);
        detail.setInputdiff(true);
        response.getDetaileddiffMap().set(path, detail);
      }
      return response;
    }),

    create: unary(async (request: providerMessages.CreateRequest) => {
      const inputs = read(request.getProperties());
      const object = asManifest(plain(inputs));
      const response = new providerMessages.CreateResponse();
      if (request.getPreview()) {
        response.setProperties(write(keepSecrets(await previewObject(api(), object), inputs)));
        return response;
      }
      const how = operation(request.getUrn(), request.getTimeout());
      response.setId(resourceId(object));
      response.setProperties(await settle(object, inputs, () => createObject(api(), object, how)));
      return response;
    }),

    update: unary(async (request: providerMessages.UpdateRequest) => {
      const inputs = read(request.getNews());
      const object = asManifest(plain(inputs));
      const response = new providerMessages.UpdateResponse();
      if (request.getPreview()) {
        response.setProperties(write(keepSecrets(await previewObject(api(), object), inputs)));
        return response;
      }
      const how = operation(request.getUrn(), request.getTimeout());
      response.setProperties(await settle(object, inputs, () => updateObject(api(), object, how)));
      return response;
    }),

    read: unary(async (request: providerMessages.ReadRequest) => {
      const response = new providerMessages.ReadResponse();
      const object = manifestOfId(parseUrn(request.getUrn()).type, request.getId());
      const live = await api().read(object);
      // No id in the answer tells the engine that the object is gone.
      if (live === undefined) return response;
      const inputs = read(request.getInputs());
      response.setId(request.getId());
      response.setProperties(write(keepSecrets(live, inputs)));
      response.setInputs(write('kind' in inputs ? inputs : asProperties(object)));
      return response;
    }),

    delete: unary(async (request: providerMessages.DeleteRequest) => {
      const object = asManifest(plain(read(request.getProperties())));
      await deleteObject(api(), object, operation(request.getUrn(), request.getTimeout()));
      return new emptyMessages.Empty();
    }),

    invoke: unary((request: providerMessages.InvokeRequest): providerMessages.InvokeResponse => {
      throw new Error(`the stand-in has no ${request.getTok()}; the official plugin does`);
    }),

    cancel: unary<emptyMessages.Empty, emptyMessages.Empty>(() => {
      cancellation.abort();
      return new emptyMessages.Empty();
    }),
  };
}
