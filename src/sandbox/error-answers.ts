import type { FastifyInstance } from 'fastify';
import { ParameterError } from './parameters.ts';
import { WireError } from './wire-error.ts';

/** How a service words what any of its endpoints may have to refuse. */
export interface ErrorShapes {
  missing(parameter: string): WireError;
  repeated(parameter: string): WireError;
  /** For what the web server itself refuses, and for a defect (status 500). */
  other(status: number, message: string): WireError;
}

/** Answers what is thrown in this Fastify scope in its service's own shape. */
export function answerErrors(app: FastifyInstance, shapes: ErrorShapes): void {
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const { status, headers, body } = inShape(error, shapes);
    if (status >= 500 && !(error instanceof WireError)) request.log.error(error);
    return reply.code(status).headers(headers).send(body);
  });
}

function inShape(error: Error & { statusCode?: number }, shapes: ErrorShapes): WireError {
  if (error instanceof WireError) return error;
  if (error instanceof ParameterError) return shapes[error.fault](error.parameter);
  const { statusCode: status = 500, message } = error;
  return status < 500
    ? shapes.other(status, message)
    : shapes.other(500, 'The sandbox failed: this is a defect of it.');
}
