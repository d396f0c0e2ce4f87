// The background page of Firefox, which holds the engine itself. Firefox ends the page when nothing happens.
import { Engine } from '../engine/engine.js';
import { startBackground } from './background.js';

const engine = new Engine(() => {});

startBackground((question, idle) => engine.answer(question, idle));
