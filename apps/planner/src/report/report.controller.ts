import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { MigrationId } from '#shared/contracts/ids.js';
import type { MigrationReport } from '#shared/contracts/report.js';
import { TextField } from '#shared/contracts/requests/fields.js';
import { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { migrationIdPipe } from '../http/migration-id.pipe.js';
import { queryOf } from '../http/parsed.pipe.js';
import { reportHtml } from './report-html.js';
import { reportMarkdown } from './report-markdown.js';
import { reportOf, reportOfStep } from './report.js';
import { ReportView } from './report.views.js';

class ReportQuery {
  @TextField({ optional: true, maxLength: 63, description: 'Only this step', example: 'verify-copy' })
  readonly step?: string;
}

const FORMS = [
  { mediaType: 'text/html', render: reportHtml },
  { mediaType: 'text/markdown', render: reportMarkdown },
] as const;

/** The flight recorder: what a migration did, from its events alone. */
@ApiTags('migrations')
@Controller('v1/migrations/:id/report')
export class ReportController {
  constructor(private readonly reader: LedgerReader) {}

  @Get()
  @NeedsRole('viewer', 'Everything that happened: JSON, or Markdown or HTML by Accept')
  @ApiProduces('application/json', 'text/markdown', 'text/html')
  @ApiOkResponse({ type: ReportView, description: 'Made from the events of the migration alone' })
  @problemResponse(400, 'A parameter does not have its shape')
  @problemResponse(404, 'No such migration, or no such step in it')
  async report(
    @Param('id', migrationIdPipe) id: MigrationId,
    @Query(queryOf(ReportQuery)) { step }: ReportQuery,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const whole = reportOf(id, await this.reader.readMigration(id));
    const report = step === undefined ? whole : reportOfStep(whole, step);
    await send(reply, report, accept ?? '');
  }
}

async function send(reply: FastifyReply, report: MigrationReport, accept: string): Promise<void> {
  const form = FORMS.find(({ mediaType }) => accept.includes(mediaType));
  void reply.header('vary', 'accept').header('cache-control', 'no-store');
  if (form === undefined) await reply.send(report);
  else
    await reply
      .type(`${form.mediaType}; charset=utf-8`)
      // The page holds texts of others: even if one slipped through, nothing of it would run.
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(form.render(report));
}
