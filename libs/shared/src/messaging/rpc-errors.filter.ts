import { Catch, type ExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';

/**
 * Lets the errors of message handlers through as they are. Nest's own filter answers "Internal server error"
 * for all of them, and then nobody can tell a bad message from a database that is down. For controllers with
 * `@EventPattern`: `@UseFilters(RpcErrors)`.
 */
@Catch()
export class RpcErrors implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}
