/** Addresses as somebody can type them: `0.0.0.0` means every address of this machine. */
import { networkInterfaces } from 'node:os';

/** The address for a program on this machine: `mqtt://0.0.0.0:1883` → `mqtt://127.0.0.1:1883`. */
export function localAddress<Address extends string | undefined>(address: Address): Address;
export function localAddress(address: string | undefined): string | undefined {
  return address?.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

/** The address for a till in the shop: this machine's own on the network, if it listens there. */
export function shopAddress(address: string): string {
  const own = Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  const reachable = own === undefined ? address : address.replace('//0.0.0.0:', `//${own}:`);
  return localAddress(reachable);
}
