import { DropdownMenu as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { cn } from '@/lib/classes'

export interface MenuItem {
  label: string
  onSelect: () => void
  isDanger?: boolean
  isDisabled?: boolean
}

/** What can be done with something, behind one button. */
export function Menu({ trigger, items, header }: { trigger: ReactNode; items: MenuItem[]; header?: ReactNode }) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content align="end" sideOffset={4} className="z-50 min-w-40 rounded-md border bg-surface p-1 shadow-lg">
          {header ? <Radix.Label className="px-2 py-1.5 text-xs text-muted">{header}</Radix.Label> : null}
          {items.map((item) => (
            <Radix.Item
              key={item.label}
              disabled={item.isDisabled ?? false}
              onSelect={item.onSelect}
              className={cn(
                'rounded px-2 py-1.5 text-[13px] outline-none data-[disabled]:opacity-50 data-[highlighted]:bg-sunken',
                item.isDanger && 'text-bad',
              )}
            >
              {item.label}
            </Radix.Item>
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
