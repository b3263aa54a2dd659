import { defineWords } from '../app/words';

export const exportWords = defineWords({
  en: {
    exports: 'Exports', none: 'Nothing was exported yet', noneText: 'An export is a file of the model that runs elsewhere, compared with the checkpoint on real held-out images.',
    newExport: 'New export', format: 'Format', start: 'Start export', started: 'The export is started.', state: 'State', size: 'Size', created: 'Created', certificate: 'Certificate',
    notFor: (task: string) => `The trainer does not export ${task} models to it.`, options: 'Options', optionsHint: 'As JSON; empty for the defaults of the format.', badJson: 'This is not a JSON object.',
    agreement: 'Same answer as the checkpoint', difference: 'Largest difference', differenceOf: (value: string, limit: string) => `${value} (allowed: ${limit})`, samples: 'Held-out images', accuracy: 'Accuracy of the file', reference: 'Accuracy of the checkpoint',
    passed: 'Verified', notPassed: 'Not verified', download: 'Download', deploy: 'Deploy', chooseModel: 'Model', noModels: 'There is no model to export yet',
    states: { pending: 'Waiting', running: 'Exporting', completed: 'Ready', failed: 'Failed', cancelled: 'Cancelled' }, trainerAway: 'No trainer of this framework answers, so its formats are not known.', mustChoose: 'Choose at least one format.',
  },
  ko: {
    exports: '내보내기', none: '아직 내보낸 파일이 없습니다', noneText: '내보내기는 다른 곳에서 실행할 수 있는 모델 파일이며, 실제 검증 이미지로 체크포인트와 비교됩니다.',
    newExport: '새 내보내기', format: '형식', start: '내보내기 시작', started: '내보내기를 시작했습니다.', state: '상태', size: '크기', created: '생성', certificate: '인증서',
    notFor: (task: string) => `이 트레이너는 ${task} 모델을 이 형식으로 내보내지 못합니다.`, options: '옵션', optionsHint: 'JSON 형식. 비워 두면 형식의 기본값을 사용합니다.', badJson: 'JSON 객체가 아닙니다.',
    agreement: '체크포인트와 같은 답', difference: '최대 차이', differenceOf: (value: string, limit: string) => `${value} (허용: ${limit})`, samples: '검증 이미지', accuracy: '파일 정확도', reference: '체크포인트 정확도',
    passed: '검증됨', notPassed: '검증되지 않음', download: '다운로드', deploy: '배포', chooseModel: '모델', noModels: '내보낼 모델이 아직 없습니다',
    states: { pending: '대기 중', running: '내보내는 중', completed: '준비됨', failed: '실패', cancelled: '취소됨' }, trainerAway: '이 프레임워크의 트레이너가 응답하지 않아 형식을 알 수 없습니다.', mustChoose: '형식을 하나 이상 선택하세요.',
  },
});
