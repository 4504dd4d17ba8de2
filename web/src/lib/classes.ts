import { clsx, type ClassValue } from 'clsx'
import { twMerge } from 'tailwind-merge'

/** Joins class names; a later one wins over an earlier one of its kind. */
export const cn = (...names: ClassValue[]) => twMerge(clsx(names))
