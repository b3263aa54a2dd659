import type { QuotaUse } from '../api/schema';
import { number } from '../app/format';
import { defineWords, useWords } from '../app/words';
import { Progress } from './Progress';
import styles from './Quotas.module.css';

export const quotaWords = defineWords({
  en: {
    kinds: {
      projects: 'Projects', datasets: 'Datasets', concurrent_jobs: 'Jobs and predictions at a time', concurrent_exports: 'Exports at a time', storage_gb: 'Images, GB',
      gpu_hours_per_month: 'Training hours this month', users: 'People',
    },
    of: (used: string, limit: string) => `${used} of ${limit}`, unlimited: (used: string) => `${used}, no limit`, shared: 'shared by the organization',
  },
  ko: {
    kinds: {
      projects: '프로젝트', datasets: '데이터셋', concurrent_jobs: '동시 학습·예측 작업', concurrent_exports: '동시 내보내기', storage_gb: '이미지 용량(GB)',
      gpu_hours_per_month: '이번 달 학습 시간', users: '인원',
    },
    of: (used: string, limit: string) => `${used} / ${limit}`, unlimited: (used: string) => `${used}, 제한 없음`, shared: '조직 공동 한도',
  },
});

/** The used share of a limit, 0 to 1 and more; null when nothing is limited. */
export const shareOf = ({ used, limit }: Pick<QuotaUse, 'used' | 'limit'>): number | null => (limit === null ? null : limit === 0 ? (used > 0 ? 1 : 0) : used / limit);

export const quotaTone = (share: number): 'accent' | 'warn' | 'bad' => (share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : 'accent');

const amount = (value: number): string => number(value, Number.isInteger(value) || value >= 100 ? 0 : 1);

/** Limits and how much of them is used. */
export function Quotas({ limits }: { limits: readonly QuotaUse[] }) {
  const words = useWords(quotaWords);
  // Where all limits are the organization's, saying so at each of them tells nothing.
  const mixed = limits.some((limit) => limit.scope === 'account');
  return (
    <ul className={styles.quotas}>
      {limits.map((limit) => {
        const share = shareOf(limit);
        const used = limit.limit === null ? words.unlimited(amount(limit.used)) : words.of(amount(limit.used), amount(limit.limit));
        return (
          <li key={`${limit.scope}-${limit.kind}`}>
            <div className={styles.line}><span>{words.kinds[limit.kind]}{mixed && limit.scope === 'organization' && <small> · {words.shared}</small>}</span><span className={styles.used}>{used}</span></div>
            <Progress value={share ?? 0} label={`${words.kinds[limit.kind]}: ${used}`} tone={quotaTone(share ?? 0)} />
          </li>
        );
      })}
    </ul>
  );
}
