import { defineWords } from '../app/words';

export const deploymentWords = defineWords({
  en: {
    deployments: 'Deployments', none: 'Nothing is deployed yet', noneText: 'A deployment loads an exported model and answers predictions at an address with a key.', toExports: 'Choose an export',
    name: 'Name', state: 'State', requests: 'Requests', images: 'Images', latency: 'Average latency', milliseconds: (value: string) => `${value} ms`, created: 'Created',
    create: 'Deploy', newDeployment: 'New deployment', made: 'Deployed', keyTitle: 'Key of the deployment', keyText: 'It is shown only now. Keep it where your programs read their secrets.', done: 'I have kept it',
    states: { pending: 'Waiting', deploying: 'Loading', active: 'Answers', deactivated: 'Switched off', failed: 'Failed' },
    tryIt: 'Try it', tryText: 'Drop images here or choose them. They are sent as they are and not kept.', choose: 'Choose images', notActive: 'It answers when it is loaded.',
    top: 'Most likely', took: (ms: string) => `Answered in ${ms} ms.`, call: 'Call it from a program', address: 'Address', usage: 'Usage',
    remove: 'Delete', removeTitle: 'Delete this deployment?', removeText: (name: string) => `${name} stops answering at once, and its key never works again. The export and the model stay.`, removed: (name: string) => `${name} is deleted.`,
    tooLarge: 'An image is larger than the server takes.', exported: 'Export',
  },
  ko: {
    deployments: '배포', none: '아직 배포가 없습니다', noneText: '배포는 내보낸 모델을 불러와 키로 보호된 주소에서 예측에 응답합니다.', toExports: '내보내기 선택',
    name: '이름', state: '상태', requests: '요청', images: '이미지', latency: '평균 지연', milliseconds: (value: string) => `${value} ms`, created: '생성',
    create: '배포', newDeployment: '새 배포', made: '배포됨', keyTitle: '배포 키', keyText: '지금만 표시됩니다. 프로그램이 비밀 값을 읽는 곳에 보관하세요.', done: '보관했습니다',
    states: { pending: '대기 중', deploying: '불러오는 중', active: '응답 중', deactivated: '꺼짐', failed: '실패' },
    tryIt: '사용해 보기', tryText: '이미지를 끌어다 놓거나 선택하세요. 그대로 전송되며 저장되지 않습니다.', choose: '이미지 선택', notActive: '모델을 불러오면 응답합니다.',
    top: '가장 유력', took: (ms: string) => `${ms} ms 만에 응답했습니다.`, call: '프로그램에서 호출', address: '주소', usage: '사용량',
    remove: '삭제', removeTitle: '이 배포를 삭제할까요?', removeText: (name: string) => `${name}은(는) 즉시 응답을 멈추고 키는 더 이상 작동하지 않습니다. 내보낸 파일과 모델은 남습니다.`, removed: (name: string) => `${name}을(를) 삭제했습니다.`,
    tooLarge: '서버가 받을 수 있는 크기보다 큰 이미지가 있습니다.', exported: '내보내기',
  },
});
