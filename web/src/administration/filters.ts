import type { AuditResult, SystemRole } from '../api/schema';

export const systemRoles: SystemRole[] = ['guest', 'standard_engineer', 'advanced_engineer', 'manager', 'admin'];
export const auditResults: AuditResult[] = ['success', 'denied', 'failed'];

export type UserFilter = { search?: string | undefined; role?: SystemRole | undefined; active?: boolean | undefined };
export type AuditFilter = Partial<Record<'from' | 'to' | 'actor' | 'action' | 'subjectType' | 'subjectId' | 'address', string | undefined>> & { result?: AuditResult | undefined };

export const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined);

const oneOf = <T extends string>(values: readonly T[], value: unknown): T | undefined => values.find((one) => one === value);

export const userFilter = (search: Record<string, unknown>): UserFilter => ({
  search: text(search.search), role: oneOf(systemRoles, search.role), active: typeof search.active === 'boolean' ? search.active : undefined,
});

const time = (value: unknown): string | undefined => {
  const given = text(value);
  return given !== undefined && !Number.isNaN(Date.parse(given)) ? given : undefined;
};

export const auditFilter = (search: Record<string, unknown>): AuditFilter => ({
  from: time(search.from), to: time(search.to), actor: text(search.actor), action: text(search.action), subjectType: text(search.subjectType), subjectId: text(search.subjectId), result: oneOf(auditResults, search.result), address: text(search.address),
});

/** The filter without what is not set, as the API wants it. */
export const asQuery = <T extends object>(filter: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as Partial<{ [K in keyof T]: NonNullable<T[K]> }>;

/** A time as `datetime-local` inputs hold it: in the reader's zone, to the minute. */
export function asLocalInput(time: string | undefined): string {
  if (time === undefined) return '';
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export const fromLocalInput = (value: string): string | undefined => (value === '' ? undefined : new Date(value).toISOString());
