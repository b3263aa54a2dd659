import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Check, Sparkles, X } from 'lucide-react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { api, client } from '../../api/client';
import type { Dataset, Proposal, ProposalRun } from '../../api/schema';
import { number, percent } from '../../app/format';
import { useWords } from '../../app/words';
import { Button } from '../../parts/Button';
import { ConfirmDialog } from '../../parts/Dialog';
import { SelectField, TextField } from '../../parts/Field';
import { Page } from '../../parts/Page';
import { Empty, Skeleton } from '../../parts/States';
import { notify } from '../../parts/Toast';
import { useInvalidate } from '../../parts/useInvalidate';
import { forgetItems, ThumbnailGrid, usePagedItems } from '../../parts/virtual';
import styles from '../Images.module.css';
import { hasAnnotations, useDataset, useDatasetMay } from '../useDataset';
import { ProposalDialog } from './ProposalDialog';
import { labelOf, leastPercents, type ProposalSearch } from './proposals';
import { isRunning, ProposalRuns, useProposalRuns } from './ProposalRuns';
import { proposalWords } from './words';

const PAGE = 100;

/** What models propose for the images of a dataset; the filters and the open image are in the URL. */
export function ProposalsTab() {
  const words = useWords(proposalWords);
  const { datasetId } = useParams({ from: '/members/datasets/$datasetId' });
  const dataset = useDataset(datasetId).data;
  return <Page wide title={words.title} subtitle={words.text}>{dataset === undefined ? <Skeleton lines={8} height={64} /> : <ProposalList dataset={dataset} />}</Page>;
}

function ProposalList({ dataset }: { dataset: Dataset }) {
  const words = useWords(proposalWords);
  const search = useSearch({ from: '/members/datasets/$datasetId/proposals' });
  const navigate = useNavigate({ from: '/datasets/$datasetId/proposals' });
  const may = useDatasetMay(dataset.id)('datasets:annotate');
  const invalidate = useInvalidate();
  const [stamp, setStamp] = useState(0);
  const runs = useProposalRuns(dataset.id);
  const running = runs.data?.items.some(isRunning) ?? false;
  const prefix = `proposals/${dataset.id}`;
  const query = { ...(search.class !== undefined && { class: search.class }), ...(search.least !== undefined && { minPercent: search.least }), limit: PAGE };
  // Another list as soon as the latest work begins or ends: one that was opened before may be kept.
  const latest = runs.data?.items[0];
  const listKey = `${prefix}/${JSON.stringify(query)}/${latest?.id ?? ''}/${latest?.state ?? ''}/${stamp}`;
  const items = usePagedItems<Proposal>(listKey, async (cursor) =>
    (await client.GET('/api/v1/datasets/{id}/proposals', { params: { path: { id: dataset.id }, query: { ...query, ...(cursor === null ? {} : { cursor }) } } })).data!);
  useSyncExternalStore(items.subscribe, items.version);
  const reload = (): void => {
    forgetItems(prefix);
    setStamp((before) => before + 1);
    void invalidate('/api/v1/datasets/{id}', '/api/v1/datasets/{id}/proposal-runs');
  };
  // The list has other proposals when work has ended.
  const [was, setWas] = useState(running);
  useEffect(() => {
    if (was && !running) reload();
    setWas(running);
  });
  const set = (change: ProposalSearch): void => void navigate({ search: { ...search, ...change }, replace: true });
  const isFiltered = search.class !== undefined || search.least !== undefined;
  const all = items.count !== null && items.count > 0;
  return (
    <div className={styles.tab}>
      <div className={styles.toolbar} role="group" aria-label={words.filters}>
        <ClassFilter dataset={dataset} value={search.class} onChange={(name) => set({ class: name })} />
        <SelectField
          label={words.score} hideLabel value={search.least === undefined ? '' : String(search.least)} onChange={(value) => set({ least: leastPercents.find((one) => String(one) === value) })}
          options={[{ value: '', label: words.anyScore }, ...leastPercents.map((one) => ({ value: String(one), label: words.percent(percent(one / 100)) }))]}
        />
        <span className={styles.count} role="status">{items.count === null ? '' : words.shown(number(items.count))}</span>
        {may && <All dataset={dataset} search={search} disabled={running || !(all || items.seen > 0)} />}
      </div>
      <ThumbnailGrid
        key={listKey} label={words.gridLabel} items={items} height="max(320px, calc(100dvh - 420px))"
        empty={isFiltered ? <Empty title={words.noneFound} action={<Button onClick={() => set({ class: undefined, least: undefined })}>{words.clear}</Button>} /> : <Empty icon={<Sparkles />} title={words.none}>{words.noneText}</Empty>}
        thumbnail={(one) => ({ key: one.image.id, src: one.image.thumbnailUrl ?? one.image.url, label: `${one.image.path}, ${words.proposed}, ${labelOf(one)}`, caption: labelOf(one), badge: `${words.proposed} · ${one.score === null ? words.unsure : percent(one.score)}` })}
        onOpen={(one) => set({ image: one.image.id })}
      />
      {search.image !== undefined && <ProposalDialog dataset={dataset} items={items} imageId={search.image} onShow={(image) => set({ image })} onDecided={(next) => { set({ image: next }); reload(); }} />}
      <ProposalRuns runs={runs} />
    </div>
  );
}

/** A classification may have proposals of classes that no image has yet, so its class is typed. */
function ClassFilter({ dataset, value, onChange }: { dataset: Dataset; value: string | undefined; onChange: (name: string | undefined) => void }) {
  const words = useWords(proposalWords);
  if (!hasAnnotations(dataset.taskType))
    return <div className={styles.classFilter}><TextField label={words.class} hideLabel placeholder={words.allClasses} defaultValue={value ?? ''} key={value ?? ''} list="proposal-classes" maxLength={200} onBlur={(event) => onChange(event.target.value.trim() || undefined)} onKeyDown={(event) => event.key === 'Enter' && onChange(event.currentTarget.value.trim() || undefined)} /><datalist id="proposal-classes">{dataset.classes.map(({ name }) => <option key={name} value={name} />)}</datalist></div>;
  return (
    <div className={styles.classFilter}>
      <SelectField label={words.class} hideLabel value={value ?? ''} onChange={(name) => onChange(name || undefined)} options={[{ value: '', label: words.allClasses }, ...dataset.classes.map(({ name }) => ({ value: name, label: name }))]} />
    </div>
  );
}

/** Accepts or rejects what the filters leave. */
function All({ dataset, search, disabled }: { dataset: Dataset; search: ProposalSearch; disabled: boolean }) {
  const words = useWords(proposalWords);
  const invalidate = useInvalidate();
  const [asking, setAsking] = useState<'accept' | 'reject' | null>(null);
  const start = api.useMutation('post', '/api/v1/datasets/{id}/proposal-runs', {
    onError: () => undefined,
    onSuccess: async (_: ProposalRun) => {
      setAsking(null);
      notify(words.begun);
      await invalidate('/api/v1/datasets/{id}/proposal-runs');
    },
  });
  const which = [search.class, search.least === undefined ? undefined : words.percent(percent(search.least / 100))].filter((one) => one !== undefined).join(', ');
  const close = (): void => {
    setAsking(null);
    start.reset();
  };
  return (
    <>
      <Button icon={<Check />} disabled={disabled} onClick={() => setAsking('accept')}>{words.acceptAll}</Button>
      <Button look="danger" icon={<X />} disabled={disabled} onClick={() => setAsking('reject')}>{words.rejectAll}</Button>
      {asking !== null && (
        <ConfirmDialog
          open onClose={close} title={asking === 'accept' ? words.acceptTitle : words.rejectTitle} confirm={asking === 'accept' ? words.acceptAll : words.rejectAll} busy={start.isPending} error={start.error}
          onConfirm={() => start.mutate({ params: { path: { id: dataset.id } }, body: { action: asking, predictionId: null, class: search.class ?? null, minScore: search.least === undefined ? null : search.least / 100 } })}
        >
          <p>{asking === 'accept' ? words.acceptText : words.rejectText}</p>
          <p>{words.which(which || words.allOfThem)}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
