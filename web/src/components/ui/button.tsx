import { cva, type VariantProps } from 'class-variance-authority'
import { Slot } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from '@/lib/classes'

const variants = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border text-[13px] font-medium whitespace-nowrap transition-colors disabled:pointer-events-none disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'border-transparent bg-accent text-accent-foreground hover:bg-accent/90',
        outline: 'border-line-strong bg-surface text-foreground hover:bg-sunken',
        ghost: 'border-transparent text-foreground hover:bg-sunken',
        danger: 'border-bad/40 bg-surface text-bad hover:bg-bad/8',
        link: 'h-auto border-transparent p-0 text-accent underline-offset-4 hover:underline',
      },
      size: { md: 'h-8 px-3', sm: 'h-7 px-2 text-xs', icon: 'size-8', inline: 'h-auto px-0' },
    },
    defaultVariants: { variant: 'outline', size: 'md' },
  },
)

export type ButtonProps = ComponentProps<'button'> & VariantProps<typeof variants> & { asChild?: boolean }

export function Button({ className, variant, size, asChild = false, type = 'button', ...rest }: ButtonProps) {
  const classes = cn(variants({ variant, size }), className)
  if (asChild) return <Slot.Root className={classes} {...rest} />
  // oxlint-disable-next-line react/button-has-type
  return <button type={type} className={classes} {...rest} />
}
