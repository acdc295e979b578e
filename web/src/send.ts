// What leaves the device: text in a form, in which a picture has no place.

/** The session ended meanwhile. */
export class SignedOut extends Error {}

/** Nothing was kept; the message says why, in her words. */
export class Refused extends Error {}

export interface Told {
  notes: string[];
}

export type Sender = (part: "file" | "face", bundle: string) => Promise<Told>;

export function sender(to: string, token: string): (part: "file" | "face", bundle: string, age: string) => Promise<Told> {
  return async (part, bundle, age) => {
    const answer = await fetch(to, {
      method: "POST",
      body: new URLSearchParams({ csrfmiddlewaretoken: token, age, part, bundle }),
      credentials: "same-origin",
      cache: "no-store",
    });
    if (!answer.headers.get("content-type")?.startsWith("application/json")) throw new SignedOut();
    const told = (await answer.json()) as Told & { refused: string };
    if (told.refused) throw new Refused(told.refused);
    return told;
  };
}
