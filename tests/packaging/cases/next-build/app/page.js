'use client';
import { Gamma } from 'gamma-wasm';
import { check } from 'gamma-wasm/check';
import { define } from 'gamma-wasm/element';
import { filter } from 'gamma-wasm/filter';
import { useEffect } from 'react';
import { report } from './report.js';

export default function Page() {
  useEffect(() => {
    report(() => Gamma.load({ workers: 2 }), { check, define, filter });
  }, []);
  return <p>rendered on the server: {typeof Gamma.load}</p>;
}
