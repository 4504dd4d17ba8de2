import type { Language } from './preferences'

/** What phones report, in words. */
const MEANINGS: Record<number, readonly [zh: string, en: string]> = {
  0: ['执行成功', 'done'],
  101011: ['数据格式错误', 'malformed data'],
  101012: ['非法操作', 'operation not allowed'],
  101013: ['非法权限', 'no permission'],
  201011: ['创建群失败', 'the group could not be made'],
  201012: ['群改名失败', 'the group could not be renamed'],
  201013: ['群拉人失败', 'nobody could be added to the group'],
  201014: ['群踢人失败', 'nobody could be removed from the group'],
  201101: ['查找聊天窗失败', 'the chat was not found'],
  201102: ['发送消息失败', 'the message could not be sent'],
}

/** `201102 发送消息失败`. */
export function errorCodeText(code: number | null | undefined, language: Language): string {
  if (code === null || code === undefined) return '—'
  const meaning = MEANINGS[code]?.[language === 'zh' ? 0 : 1]
  return meaning ? `${code} ${meaning}` : String(code)
}
