'use client';
import { Gamma } from 'gamma-wasm';
import { useEffect } from 'react';
import { report } from './report.js';

export default function Page() {
  useEffect(() => {
    report(() => Gamma.load({ workers: 2 }));
  }, []);
  return <p>rendered on the server: {typeof Gamma.load}</p>;
}
