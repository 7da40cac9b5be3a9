import type { AclItem } from '../../postgres/catalogue/acl.js';

/** An access list as the text of `aclitem[]`: every name quoted, every element of the array quoted again. */
export function formatAclArray(items: readonly AclItem[]): string {
  const elements = items.map(({ grantee, grantor, privileges }) => {
    const item = `${quoteName(grantee)}=${privileges.join('')}/${quoteName(grantor)}`;
    return `"${item.replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${elements.join(',')}}`;
}

/** PUBLIC has the empty name, which is not quoted. */
function quoteName(name: string): string {
  return name === '' ? '' : `"${name.replaceAll('"', '""')}"`;
}
