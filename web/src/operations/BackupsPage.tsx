import { DatabaseBackup, FlaskConical } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { Backup, DatabaseBackups } from '../api/schema';
import { ago, bytes, dateTime, number } from '../app/format';
import { useWords } from '../app/words';
import { StatusIndicator } from '../parts/Badge';
import { Button } from '../parts/Button';
import { Menu } from '../parts/Menu';
import { Card, Facts, Row, Stack } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { Tooltip } from '../parts/Tooltip';
import { OperationsFrame } from './OperationsFrame';
import styles from './Operations.module.css';
import { RunningOperations } from './RunningOperations';
import { StartDialog, type Start } from './StartDialogs';
import { useStarted } from './useStarted';
import { operationWords } from './words';

/** The backups of each database: how old they are, whether a restore was tried, and what to do with them. */
export function BackupsPage() {
  return <OperationsFrame><RunningOperations /><Databases /></OperationsFrame>;
}

function Databases() {
  const words = useWords(operationWords);
  const backups = api.useQuery('get', '/api/v1/operations/backups', {}, { refetchInterval: 30_000 });
  const [start, setStart] = useState<Start | null>(null);
  if (backups.isPending) return <Stack>{[1, 2, 3].map((place) => <Card key={place}><Skeleton lines={5} height={28} /></Card>)}</Stack>;
  if (backups.data === undefined) return <ErrorState error={backups.error} onRetry={() => void backups.refetch()} />;
  if (!backups.data.configured) return <Card><Empty icon={<DatabaseBackup />} title={words.notConfigured}>{words.notConfiguredText}</Empty></Card>;
  return (
    <Stack>
      {backups.data.databases.map((database) => <DatabaseCard key={database.database} database={database} onRestore={(backup) => setStart({ kind: 'restore', database: database.database, backup: backup.id })} />)}
      {start !== null && <StartDialog start={start} onClose={() => setStart(null)} />}
    </Stack>
  );
}

function DatabaseCard({ database: { database, problem, drilledAt, backups }, onRestore }: { database: DatabaseBackups; onRestore: (backup: Backup) => void }) {
  const words = useWords(operationWords);
  const may = useMay();
  const started = useStarted();
  const backUp = api.useMutation('post', '/api/v1/operations/backups', { onSuccess: started });
  const drill = api.useMutation('post', '/api/v1/operations/drills', { onSuccess: started });
  const verify = api.useMutation('post', '/api/v1/operations/backup-verifications', { onSuccess: started });
  const newest = backups[0];
  const columns: Column<Backup>[] = [
    { key: 'taken', title: words.taken, cell: (backup) => <span title={backup.id}>{dateTime(backup.takenAt)}</span> },
    { key: 'size', title: words.size, right: true, cell: (backup) => bytes(backup.storedBytes) },
    { key: 'tables', title: words.tables, right: true, secondary: true, cell: (backup) => number(backup.tables) },
    { key: 'rows', title: words.rows, right: true, secondary: true, cell: (backup) => number(backup.rows) },
    { key: 'encrypted', title: words.encrypted, secondary: true, cell: (backup) => (backup.encrypted ? words.yes : words.no) },
    {
      key: 'actions', title: '', right: true,
      cell: (backup) => may('operations:run') && <Menu label={words.actions(backup.id)} items={[
        { label: words.verify, onSelect: () => verify.mutate({ body: { database, backup: backup.id } }) },
        { label: words.restore, onSelect: () => onRestore(backup) },
      ]} />,
    },
  ];
  return (
    <Card
      flush
      title={<Row gap={3}><code>{database}</code><StatusIndicator tone={problem === null ? 'good' : 'warn'}>{problem === null ? words.fresh : words.attention}</StatusIndicator></Row>}
      actions={may('operations:run') && (
        <Row>
          <Tooltip text={words.drillHint}><Button size="small" icon={<FlaskConical />} busy={drill.isPending} disabled={newest === undefined} onClick={() => drill.mutate({ body: { database } })}>{words.drill}</Button></Tooltip>
          <Button size="small" icon={<DatabaseBackup />} busy={backUp.isPending} onClick={() => backUp.mutate({ body: { database } })}>{words.backUp}</Button>
        </Row>
      )}
    >
      <div className={styles.facts}>
        {problem !== null && <p className={styles.problem}>{problem}</p>}
        <Facts items={[
          [words.newest, newest === undefined ? words.noBackup : <span title={dateTime(newest.takenAt)}>{ago(newest.takenAt)}</span>],
          [words.drilled, drilledAt === null ? words.neverDrilled : <span title={dateTime(drilledAt)}>{ago(drilledAt)}</span>],
          newest === undefined ? null : [words.schema, newest.schemaVersion ?? '–'],
        ]} />
      </div>
      {backups.length > 0 && <Table label={`${words.backups}: ${database}`} rows={backups} rowKey={(backup) => backup.id} columns={columns} />}
    </Card>
  );
}
