import { Copy } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { Deployment } from '../api/schema';
import { useWords } from '../app/words';
import { StatusIndicator } from '../parts/Badge';
import { Button } from '../parts/Button';
import { SelectField } from '../parts/Field';
import { Card, Row, Stack } from '../parts/Page';
import { Empty, ErrorState, ProblemNote, Skeleton } from '../parts/States';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import type { Change } from './ChangeDialog';
import { rolloutWords } from './rolloutWords';
import { ShadowFigures } from './ShadowFigures';

const EVERY = 3000;

/** What shadows of a deployment answered in comparison, live while there is one. Nothing where there never was one. */
export function Shadow({ deployment, onChange }: { deployment: Deployment; onChange: (change: Change) => void }) {
  const words = useWords(rolloutWords);
  const may = useMay({ projectId: deployment.projectId })('deployments:write');
  const invalidate = useInvalidate();
  const [chosen, setChosen] = useState<string>();
  const shadow = deployment.shadowRevision;
  const params = { path: { id: deployment.id } };
  const report = api.useQuery('get', '/api/v1/deployments/{id}/shadow-report', { params }, { refetchInterval: shadow === null ? false : EVERY });
  const end = api.useMutation('delete', '/api/v1/deployments/{id}/shadow', {
    onError: () => undefined,
    onSuccess: () => {
      notify(words.shadowEnded);
      void invalidate('/api/v1/deployments/{id}', '/api/v1/deployments/{id}/shadow-report');
    },
  });
  const comparisons = report.data?.comparisons ?? [];
  if (shadow === null && (report.isPending || (report.isSuccess && comparisons.length === 0))) return null;
  const keyOf = (one: { revision: number; shadowRevision: number }): string => `${one.revision}-${one.shadowRevision}`;
  const now = shadow === null ? undefined : keyOf({ revision: deployment.revision, shadowRevision: shadow });
  // That of the present shadow, also before it has compared anything.
  const shown = comparisons.find((one) => keyOf(one) === chosen) ?? (now === undefined ? comparisons[0] : comparisons.find((one) => keyOf(one) === now));
  return (
    <Card
      title={<Row>{words.shadow}{shadow === null ? <StatusIndicator tone="neutral">{words.ended}</StatusIndicator> : <StatusIndicator tone="info" live>{words.live(shadow)}</StatusIndicator>}</Row>}
      actions={may && shadow !== null && (
        <Row>
          <Button size="small" busy={end.isPending} onClick={() => end.mutate({ params })}>{words.endShadow}</Button>
          <Button size="small" look="primary" onClick={() => onChange({ kind: 'activate', revision: shadow })}>{words.named(shadow)}</Button>
        </Row>
      )}
    >
      <Stack gap={5}>
        <ProblemNote error={end.error} />
        {report.isPending ? <Skeleton lines={4} />
          : report.isError ? <ErrorState error={report.error} onRetry={() => void report.refetch()} />
          : (
            <>
              {comparisons.length > (shown === undefined ? 0 : 1) && (
                <SelectField
                  label={words.comparison} value={shown === undefined ? '' : keyOf(shown)} onChange={setChosen}
                  options={[
                    ...(shown === undefined && now !== undefined ? [{ value: '', label: words.between(deployment.revision, shadow!) }] : []),
                    ...comparisons.map((one) => ({ value: keyOf(one), label: words.between(one.revision, one.shadowRevision) })),
                  ]}
                />
              )}
              {shown === undefined ? <Empty icon={<Copy />} title={words.nothing}>{words.nothingText}</Empty> : <ShadowFigures key={keyOf(shown)} measure={report.data.measure} comparison={shown} />}
            </>
          )}
      </Stack>
    </Card>
  );
}
