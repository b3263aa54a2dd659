import { defineWords } from '../app/words';

const names = {
  en: {
    epochs: 'Epochs', batchSize: 'Batch size', learningRate: 'Learning rate', imageSize: 'Image size', optimizer: 'Optimizer', weightDecay: 'Weight decay', momentum: 'Momentum', warmupEpochs: 'Warm-up epochs', gradientClip: 'Gradient clip',
    scheduler: 'Learning rate schedule', augment: 'Augmentation', flipProbability: 'Flip probability', colorJitter: 'Colour jitter', labelSmoothing: 'Label smoothing', classWeights: 'Class weights', frozenLayers: 'Frozen layers',
    earlyStoppingPatience: 'Early stopping patience', earlyStoppingMinDelta: 'Early stopping, least gain', numWorkers: 'Loader threads', device: 'Device', mixedPrecision: 'Mixed precision', seed: 'Seed', checkpointEvery: 'Checkpoint every', pretrained: 'Pretrained weights',
    peakMemoryBytes: 'Peak memory', totalMemoryBytes: 'Memory of the device', freeMemoryBytes: 'Free memory',
  },
  ko: {
    epochs: '에폭 수', batchSize: '배치 크기', learningRate: '학습률', imageSize: '이미지 크기', optimizer: '옵티마이저', weightDecay: '가중치 감쇠', momentum: '모멘텀', warmupEpochs: '워밍업 에폭', gradientClip: '그래디언트 클리핑',
    scheduler: '학습률 스케줄', augment: '데이터 증강', flipProbability: '좌우 반전 확률', colorJitter: '색상 변화', labelSmoothing: '라벨 스무딩', classWeights: '클래스 가중치', frozenLayers: '고정할 계층',
    earlyStoppingPatience: '조기 종료 대기 에폭', earlyStoppingMinDelta: '조기 종료 최소 개선', numWorkers: '로더 스레드', device: '장치', mixedPrecision: '혼합 정밀도', seed: '시드', checkpointEvery: '체크포인트 간격', pretrained: '사전 학습 가중치',
    peakMemoryBytes: '최대 메모리', totalMemoryBytes: '장치 메모리', freeMemoryBytes: '남은 메모리',
  },
};

/** Names of settings and groups that the trainers of the platform have. Those of other trainers are shown as they call them. */
export const fieldWords = defineWords({
  en: { names: names.en, groups: { basic: 'General', optimizer: 'Optimizer', augmentation: 'Augmentation', regularization: 'Regularization', system: 'System' }, presets: { quick: 'Quick', standard: 'Standard', thorough: 'Thorough', objects: 'Objects' } },
  ko: { names: names.ko, groups: { basic: '기본', optimizer: '옵티마이저', augmentation: '데이터 증강', regularization: '정규화', system: '시스템' }, presets: { quick: '빠르게', standard: '표준', thorough: '꼼꼼하게', objects: '객체' } },
});
