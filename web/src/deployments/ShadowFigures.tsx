import { useState } from 'react';
import type { AgreementMeasure, ShadowComparison, ShadowFinding } from '../api/schema';
import { ago, dateTime, number, percent } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { Facts, Stack } from '../parts/Page';
import { Table, type Column } from '../parts/Table';
import styles from './Deployments.module.css';
import { rolloutWords } from './rolloutWords';

const FIRST_ROWS = 10;
const SHOWN_FINDINGS = 3;

/** How often a shadow agreed with a revision, what each of them said, and the newest images with different answers. */
export function ShadowFigures({ measure, comparison: one }: { measure: AgreementMeasure; comparison: ShadowComparison }) {
  const words = useWords(rolloutWords);
  const measured = measure !== 'same_class';
  const share = (value: number | null): string => (value === null ? '–' : percent(value));
  return (
    <Stack gap={5}>
      <Facts
        items={[
          [words.agree, one.imageCount === 0 ? '–' : percent(1 - one.differentImages / one.imageCount, 2)], [words.different, number(one.differentImages)], [words.compared, number(one.imageCount)], [words.requests, number(one.requestCount)],
          measured ? [words.measures[measure], share(one.averageAgreement)] : null,
          [words.confidence, share(one.averageConfidenceDifference)], [words.notAnswered, number(one.failedRequests)], [words.skipped, number(one.skippedRequests)],
          [words.period, <span key="at" title={dateTime(one.lastAt)}>{ago(one.lastAt)}</span>],
        ]}
      />
      {one.differentImages === 0 && one.imageCount > 0 && <p>{words.same}</p>}
      {one.pairs.length > 0 && (
        <Rows
          title={words.pairs}
          rows={one.pairs}
          rowKey={(pair) => `${pair.answer}/${pair.shadowAnswer}`}
          columns={[
            { key: 'answer', title: words.says(one.revision), cell: (pair) => pair.answer ?? words.none },
            { key: 'shadow', title: words.shadowSays(one.shadowRevision), cell: (pair) => (pair.shadowAnswer === null ? words.none : pair.shadowAnswer === pair.answer ? words.otherShape(pair.shadowAnswer) : pair.shadowAnswer) },
            { key: 'count', title: words.count, right: true, cell: (pair) => number(pair.count) },
          ]}
        />
      )}
      {one.differences.length > 0 && (
        <Rows
          title={words.newest}
          rows={one.differences}
          rowKey={(difference) => `${difference.at}/${difference.imageSha256}`}
          columns={[
            { key: 'at', title: words.when, cell: (difference) => <span title={dateTime(difference.at)}>{ago(difference.at)}</span> },
            { key: 'answer', title: words.says(one.revision), cell: (difference) => <Findings of={difference.answer} /> },
            { key: 'shadow', title: words.shadowSays(one.shadowRevision), cell: (difference) => <Findings of={difference.shadowAnswer} /> },
            ...(measured ? [{ key: 'alike', title: words.alike, right: true, cell: (difference: ShadowComparison['differences'][number]) => share(difference.agreement) }] : []),
            { key: 'image', title: words.image, secondary: true, cell: (difference) => <CopyText text={difference.imageSha256} short /> },
          ]}
        />
      )}
    </Stack>
  );
}

/** A titled table of which the first rows are shown. */
function Rows<T>({ title, rows, ...table }: { title: string; rows: readonly T[]; rowKey: (row: T) => string; columns: Column<T>[] }) {
  const words = useWords(rolloutWords);
  const [all, setAll] = useState(false);
  return (
    <Stack gap={2}>
      <h3 className={styles.histogram}>{title}</h3>
      <Table label={title} rows={all ? rows : rows.slice(0, FIRST_ROWS)} {...table} />
      {!all && rows.length > FIRST_ROWS && <div><Button size="small" onClick={() => setAll(true)}>{words.all(rows.length)}</Button></div>}
    </Stack>
  );
}

/** The most certain of what was found in an image. */
function Findings({ of: found }: { of: readonly ShadowFinding[] }) {
  const words = useWords(rolloutWords);
  if (found.length === 0) return <>{words.none}</>;
  return (
    <>
      {found.slice(0, SHOWN_FINDINGS).map((one) => `${one.class} ${percent(one.score)}`).join(', ')}
      {found.length > SHOWN_FINDINGS && ` ${words.andMore(found.length - SHOWN_FINDINGS)}`}
    </>
  );
}
