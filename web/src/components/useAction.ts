import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { messageOf } from './ui/states'

interface ActionOptions<In, Out> {
  run: (input: In) => Promise<Out>
  /** Lists that show something else afterwards. */
  changes: readonly string[]
  done?: string | ((out: Out) => string | null)
  onDone?: (out: Out) => void
}

/** One change by somebody: told when it worked, told when it did not, and shown in every list it touches. */
export function useAction<In = void, Out = unknown>({ run, changes, done, onDone }: ActionOptions<In, Out>) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: run,
    onSuccess: async (out: Out) => {
      const sentence = typeof done === 'function' ? done(out) : done
      if (sentence) toast.success(sentence)
      onDone?.(out)
      await Promise.all(changes.map((key) => queries.invalidateQueries({ queryKey: [key] })))
    },
    onError: (error) => toast.error(messageOf(error, t('state.noAnswer'))),
  })
}
