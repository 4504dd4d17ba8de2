import { useTranslation } from 'react-i18next'
import { Dialog } from '@/components/ui/dialog'
import { useGroups } from './navigation'

export default function KeyHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const groups = useGroups()
  const rows = [
    ['Ctrl K', t('shell.palette')],
    ['/', t('shell.focusSearch')],
    ['j / k', t('shell.nextRow')],
    ['Enter', t('shell.openRow')],
    ['Esc', t('shell.closePanel')],
    ['Space', t('shell.pauseLive')],
    ['?', t('shell.keyList')],
    ...groups.flatMap((group) => group.entries).map((entry) => [`g ${entry.letter}`, t(entry.label)] as const),
  ]
  return (
    <Dialog isOpen onClose={onClose} title={t('shell.keys')}>
      <dl className="grid grid-cols-[6rem_1fr] gap-y-2 text-[13px]">
        {rows.map(([key, meaning]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded border bg-sunken px-1.5 py-0.5 font-sans text-xs">{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
