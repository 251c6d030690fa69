import { describe, expect, it } from 'vitest';
import { Flights, flightLimits } from '../src/flight.ts';
import { manualClock } from '../src/testing/index.ts';

describe('fills that never land', () => {
  it('give their places up, so that later ones can be joined', () => {
    const clock = manualClock();
    const flights = new Flights<string>(clock, { ...flightLimits(), maxFlights: 2, fillMs: 100 });
    flights.lead('a', []);
    flights.lead('b', []);
    flights.lead('c', []);
    expect(flights.find('c')).toBeUndefined();
    clock.advance(100);
    expect(flights.find('a')).toBeUndefined();
    const later = flights.lead('d', []);
    expect([flights.find('d'), flights.size]).toEqual([later, 1]);
  });

  it('do not take the place of the one that took theirs', () => {
    const clock = manualClock();
    const flights = new Flights<string>(clock, { ...flightLimits(), fillMs: 100 });
    const lost = flights.lead('a', []);
    clock.advance(100);
    const next = flights.lead('a', []);
    lost.land({ kind: 'alone' });
    expect(flights.find('a')).toBe(next);
  });
});
