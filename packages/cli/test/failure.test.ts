import { BUS_ERRORS, BusError } from '@congvan/bus';
import { AGENT_ERRORS, AgentError } from '@congvan/node-agent';
import { SIGNER_ERRORS, SignerError } from '@congvan/signer';
import { describe, expect, it } from 'vitest';

import { CLI_ERRORS, CliError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import { describeFailure, FAILURES } from '../src/failure.ts';
import { messagesOf } from '../src/messages/index.ts';

describe('the table of failures', () => {
  it('has a line for every error code of every package, and no other', () => {
    const raised = [CLI_ERRORS, SIGNER_ERRORS, BUS_ERRORS, AGENT_ERRORS].flatMap((table) =>
      Object.keys(table),
    );
    expect(Object.keys(FAILURES).toSorted()).toEqual(raised.toSorted());
  });

  it('names a hint that both languages have', () => {
    for (const { hint } of Object.values(FAILURES)) {
      expect(messagesOf('en').failures[hint].hint).not.toBe('');
      expect(messagesOf('vi').failures[hint].hint).not.toBe('');
    }
  });
});

describe('describing a failure', () => {
  it('gives the exit code and the details of a package error', () => {
    const error = new BusError('BUS_CONNECT_FAILED', 'no server', { details: { server: 'x' } });
    expect(describeFailure(error, messagesOf('en'))).toMatchObject({
      exitCode: EXIT.notRunning,
      code: 'BUS_CONNECT_FAILED',
      message: 'no server',
      details: { server: 'x' },
    });
  });

  it('puts the class of the failure before an English message in Vietnamese', () => {
    const error = new BusError('BUS_CONNECT_FAILED', 'no server', { details: {} });
    expect(describeFailure(error, messagesOf('vi')).message).toBe('trục không trả lời: no server');
  });

  it('leaves what the command itself says as it is, since it is translated already', () => {
    const error = new CliError('CLI_NO_CA', 'không có');
    expect(describeFailure(error, messagesOf('vi')).message).toBe('không có');
  });

  it('calls anything unknown an internal error', () => {
    const { exitCode, code } = describeFailure(new TypeError('x is not y'), messagesOf('en'));
    expect({ exitCode, code }).toEqual({ exitCode: EXIT.internal, code: 'TypeError' });
  });

  it('explains errors of the file system', () => {
    const full = Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC', syscall: 'write' });
    expect(describeFailure(full, messagesOf('en'))).toMatchObject({
      exitCode: EXIT.refused,
      code: 'CLI_WRITE_FAILED',
    });
  });

  it.each([
    ['SQLITE_FULL', 'CLI_WRITE_FAILED', EXIT.refused],
    ['SQLITE_READONLY_DIRECTORY', 'CLI_WRITE_FAILED', EXIT.refused],
    ['SQLITE_NOTADB', 'CLI_DATABASE_DAMAGED', EXIT.badInput],
    ['SQLITE_BUSY_TIMEOUT', 'CLI_DATABASE_BUSY', EXIT.refused],
  ])('explains %s of the database', (systemCode, code, exitCode) => {
    const error = Object.assign(new Error('database trouble'), { code: systemCode });
    const failure = describeFailure(error, messagesOf('en'));
    expect(failure).toMatchObject({ exitCode, code, details: { systemCode } });
    expect(failure.message).toContain('database trouble');
  });

  it('does not call a folder that cannot be made a missing file', () => {
    const error = Object.assign(new Error('ENOENT: mkdir'), { code: 'ENOENT', syscall: 'mkdir' });
    expect(describeFailure(error, messagesOf('en')).code).toBe('CLI_WRITE_FAILED');
  });

  it('says in Vietnamese alone what clerks meet often', () => {
    const error = new AgentError('AGENT_STATE_CONFLICT', '06 done cannot follow 01 arrived', {
      details: { id: 'x', status: '06', given: '01' },
    });
    expect(describeFailure(error, messagesOf('vi')).message).toBe(
      'không thể chuyển sang "06 hoàn thành": văn bản đã có "01 đã đến"',
    );
    expect(describeFailure(error, messagesOf('en')).message).toBe(error.message);
  });

  it('says in Vietnamese which signature a changed file breaks, and in English where none is named', () => {
    const changed = (details: Record<string, string>) =>
      describeFailure(
        new SignerError('SIGNER_PDF_TAMPERED', 'changed', { details }),
        messagesOf('vi'),
      ).message;
    expect(changed({ fieldName: 'Signature1' })).toBe(
      "PDF đã bị sửa sau khi ký (chữ ký 'Signature1')",
    );
    expect(changed({})).toBe('bị thay đổi sau khi ký: changed');
  });
});
