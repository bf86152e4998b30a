/*
 * The rotation rule of docs/rotation.md as a model that spin explores completely. README.md beside this file says
 * what is modelled and what is not. Scripts/model.sh runs it in every setting; a setting is a list of these switches.
 */

/* The surroundings. */
#ifndef TABS
#define TABS 1          /* tabs (or processes) of the client on one store: 1 to 3 */
#endif
#ifndef COOKIE
#define COOKIE 0        /* 1: the store is a cookie: no compare-and-set, the answer to a settled fetch is void */
#endif
#ifndef LOCK
#define LOCK COOKIE     /* 1: a tab sends only while no other tab waits. With 0 a lock may time out at any moment */
#endif
#ifndef COPIES
#define COPIES 0        /* 1: the network may keep copies of a request and deliver them any number of times */
#endif
#ifndef LOSSES
#define LOSSES 9        /* how many requests or answers are lost, attempts given up, tabs crashed; 9: any number */
#endif
#ifndef CRASHES
#define CRASHES 0       /* how often the server loses the advances that are not on disk; 9: any number */
#endif
#ifndef SIGN_OUT
#define SIGN_OUT 0      /* 1: the session may be signed out at any moment */
#endif
#ifndef THIEF
#define THIEF 0         /* 1: somebody copies the store once, at any moment, and keeps every token he is given */
#endif
#ifndef BOUND
#define BOUND 0         /* 1: the session is bound to a key, which the client has and the thief has not */
#endif
#ifndef UNBOUNDED_DELAY
#define UNBOUNDED_DELAY 0   /* 1: the assumption on delivery does not hold */
#endif
#ifndef VOLATILE_STORE
#define VOLATILE_STORE 0    /* 1: the client presents a token before it has stored it durably */
#endif
#ifndef WRITE
#define WRITE 0         /* how the server writes an advance: */
#endif
#define AT_ONCE 0           /* in the transaction that decided */
#define GROUPED 1           /* later, if the head is still the one that the decision saw; answered then */
#define ANSWERED_FIRST 2    /* wrong: like GROUPED, but answered before it is written */
#define UNCONDITIONAL 3     /* wrong: later, whatever has happened since; answered then */

/* The rule. Anything but the values given here is a deliberate mistake. */
#ifndef COMPARE_AND_SET
#define COMPARE_AND_SET (!COOKIE)
#endif
#ifndef LATE_ROW
#define LATE_ROW 1      /* 0: no row 8. 2: previous tag only. 3: any older generation */
#endif
#ifndef RECOVERED_ROW
#define RECOVERED_ROW 1 /* 0: rows 9 and 10 swapped, so that row 9 is never reached */
#endif
#ifndef RECOVERED_PREVIOUS
#define RECOVERED_PREVIOUS 1    /* 0: row 9 sets `previous` to the old head rather than to the token's parent */
#endif
#ifndef END_SYNCED
#define END_SYNCED 1    /* 0: an end may be lost with the advances */
#endif

/* The limits of what is asserted. */
#ifndef TURNS
#define TURNS 3         /* how often thief and client may be answered in turn; 9: not looked at */
#endif
#ifndef LATE_LIMIT
#define LATE_LIMIT 0    /* for how many ticks a superseded token may still be answered `late`; 0: not looked at */
#endif

/* The size of the search. */
#ifndef WINDOW
#define WINDOW 2        /* the late window, in ticks */
#endif
#ifndef TOKENS
#define TOKENS 6        /* tokens that somebody holds and that can still matter, at one time; at most 8 */
#endif

#define ANY 9
#define NONE 15
#define PENDINGS 2

/* Who presents: a tab (0 to 2), a request of the client that nobody waits for any more, or the thief. */
#define STRAY 3
#define THE_THIEF 4

/* The rows of the table. Rows 0 and 1 need no model; row 4, the limits, is left out. */
#define MISMATCH 2
#define ENDED 3
#define REPEAT 5
#define ADVANCE 6
#define RESYNC 7
#define LATE 8
#define RECOVERED 9
#define REPLAY 10

/*
 * Tokens are numbers below TOKENS. `tidy` frees the number of a token that nobody holds, and closes gaps between
 * generations, so that a history of any length needs few numbers.
 */
byte parent[8] = NONE;
byte generation[8];     /* 0: the number is free */
byte superseded[8];     /* 1 + the ticks since a later token was accepted; 0: none was */

/* Who holds which token. [0] is the row that the server sees, [1] what is on its disk. */
#define head(r)     held[r]
#define previous(r) held[2 + (r)]
#define store       held[4]
#define asked(t)    held[5 + (t)]               /* what a waiting tab presented */
#define given(t)    held[5 + TABS + (t)]        /* the answer on its way to it */
#define written(p)  held[5 + 2 * TABS + (p)]    /* the token of a decision that waits to be written */
#define expected(p) held[5 + 2 * TABS + PENDINGS + (p)] /* the head that this decision saw */
#define durable     held[5 + 2 * TABS + 2 * PENDINGS]   /* with VOLATILE_STORE: what a crash of the client leaves */
#define HELD (6 + 2 * TABS + 2 * PENDINGS)
byte held[HELD] = NONE;
byte strays;            /* tokens of client requests that are under way with nobody waiting, one bit each */
byte loot;              /* tokens of the thief, one bit each */
byte underWay;          /* tabs whose request has not arrived yet, one bit each */

/* The rest of the row, in ticks and generations. Times stop counting where they have passed the window. */
byte sinceAdvance[2] = WINDOW + 1;
byte sinceOpened[2];
byte lateFloor[2];
byte windowFloor[2];
bool ended[2];

byte waiter[PENDINGS] = NONE;   /* who waits for the pending write */
byte decided[PENDINGS];

/* What the properties look at. */
bool told;              /* somebody has been told that the session is over */
bool stolen;
byte lastAnswered = NONE;
byte turns;
byte lost;
byte crashed;

/* Choices of one step. Zero between steps. */
byte x;

/* `superseded` counts no further than it is looked at. */
#if LATE_LIMIT > WINDOW
#define SUPERSEDED_CAP (LATE_LIMIT + 2)
#else
#define SUPERSEDED_CAP (WINDOW + 2)
#endif

/* Scratch of one step. Zero between steps. */
byte verdict, i, saved, fresh, presenter, token;

/* Names that a token keeps in the story of a counter-example, which is told with -DSTORY. */
#ifdef STORY
int names, named[8];
#define name(k)    named[k]
#define newName(k) names++; named[k] = names
#else
#define name(k)    k
#define newName(k) skip; skip
#endif

/* How often each row was decided, and how often an answer found no free number. The last ones are the client's. */
c_decl {
\#include <stdio.h>
    static unsigned long met[16], full[2];
    static void __attribute__((destructor)) tell(void) {
        printf("rows: 2 %lu 3 %lu 5 %lu 6 %lu 7 %lu 8 %lu 9 %lu 10 %lu\n",
            met[2], met[3], met[5], met[6], met[7], met[8], met[9], met[10]);
        printf("full: thief %lu client %lu\n", full[0], full[1]);
    }
}

#define has(set, k)  (((set) >> (k)) & 1)
#define put(set, k)  set = set | (1 << (k))
#define cut(set, k)  set = set & ~(1 << (k))

#if LATE_ROW == 0
#define isLate(k) false
#elif LATE_ROW == 1
#define isLate(k) (sinceAdvance[0] <= WINDOW && (k == previous(0) || (lateFloor[0] <= generation[k] \
    && generation[k] + 2 <= generation[head(0)])))
#elif LATE_ROW == 2
#define isLate(k) (sinceAdvance[0] <= WINDOW && k == previous(0))
#else
#define isLate(k) (sinceAdvance[0] <= WINDOW && generation[k] < generation[head(0)])
#endif

/* The table of decisions. */
inline decide(w, k) {
    verdict =
        (BOUND && w == THE_THIEF                                            -> MISMATCH :
        (ended[0]                                                           -> ENDED :
        (k == head(0)                                                       -> REPEAT :
        (parent[k] == head(0)                                               -> ADVANCE :
        (BOUND                                                              -> RESYNC :
        (isLate(k)                                                          -> LATE :
        (RECOVERED_ROW && generation[k] >= generation[head(0)] + 2          -> RECOVERED :
                                                                               REPLAY)))))));
    c_code { met[now.verdict]++; };
    sayDecision(w, k)
}

/* Rows 6 and 9: k becomes the head. */
inline accept(k, row) {
    if
    :: sinceAdvance[0] > WINDOW ->
        lateFloor[0] = generation[head(0)];
        windowFloor[0] = generation[head(0)];
        sinceOpened[0] = 0
    :: sinceAdvance[0] <= WINDOW && sinceOpened[0] > WINDOW ->
        lateFloor[0] = windowFloor[0];
        windowFloor[0] = generation[head(0)];
        sinceOpened[0] = 0
    :: else
    fi;
    previous(0) = (row == RECOVERED && !RECOVERED_PREVIOUS -> head(0) : parent[k]);
    head(0) = k;
    sinceAdvance[0] = 0;
    for (i : 0 .. 7) {
        if
        :: generation[i] != 0 && generation[i] < generation[k] && superseded[i] == 0 -> superseded[i] = 1
        :: else
        fi
    }
}

/* Answers with a new child of k. */
inline answer(w, k) {
    /* Property: a session that was answered as ended never answers again. */
    assert(!told);
    if
    :: stolen && TURNS != ANY ->
        if
        :: lastAnswered != NONE && lastAnswered != (w == THE_THIEF) -> turns++
        :: else
        fi;
        lastAnswered = (w == THE_THIEF);
        /* Property: thief and client cannot both go on. */
        assert(turns <= TURNS)
    :: else
    fi;
    if
    :: w == STRAY -> printf("      nobody waits for the answer\n")
    :: else ->
        fresh = 0;
        do
        :: fresh < TOKENS && generation[fresh] != 0 -> fresh++
        :: else -> break
        od;
        if
        :: fresh >= (w == THE_THIEF -> TOKENS - 1 - TABS : TOKENS) ->
            printf("      (no number is free: the answer is lost)\n");
            c_code { full[now.fresh == TOKENS]++; }
        :: else ->
            parent[fresh] = k;
            generation[fresh] = generation[k] + 1;
            newName(fresh);
            printf("      answered with token %d, child of token %d\n", name(fresh), name(k));
            if
            :: w == THE_THIEF -> put(loot, fresh)
            :: else -> given(w) = fresh
            fi
        fi
    fi
}

/* The presenter is told that the session is over. */
inline tellEnd(w, k) {
    told = true;
    /* Property: no false sign-out. */
    assert(THIEF || SIGN_OUT && verdict == ENDED);
    if
    :: store == k && w != THE_THIEF -> store = NONE
    :: else
    fi;
    giveUp(w)
}

inline end() {
    ended[0] = true;
    if
    :: END_SYNCED -> sync()
    :: else
    fi
}

/* The attempt of a tab is over. */
inline giveUp(w) {
    if
    :: w < STRAY -> asked(w) = NONE; given(w) = NONE; cut(underWay, w)
    :: else
    fi
}

/* Does what the verdict says, and answers. */
inline act(w, k) {
    if
    :: verdict == MISMATCH -> skip
    :: verdict == ENDED -> tellEnd(w, k)
    :: verdict == REPEAT || verdict == RESYNC -> answer(w, head(0))
    :: verdict == ADVANCE || verdict == RECOVERED -> accept(k, verdict); answer(w, k)
    :: verdict == LATE ->
        /* Property: a thief who advances quickly cannot put off the end for long. */
        assert(LATE_LIMIT == 0 || superseded[k] <= LATE_LIMIT + 1);
        giveUp(w)
    :: verdict == REPLAY -> end(); tellEnd(w, k)
    fi
}

/* One presentation arrives. */
inline present(w, k) {
    decide(w, k);
    if
    :: WRITE != AT_ONCE && (verdict == ADVANCE || verdict == RECOVERED || verdict == REPLAY) -> postpone(w, k)
    :: else -> act(w, k)
    fi
}

inline postpone(w, k) {
    i = (written(0) == NONE -> 0 : 1);
    written(i) = k;
    expected(i) = head(0);
    waiter[i] = w;
    decided[i] = verdict;
    if
    :: WRITE == ANSWERED_FIRST && verdict != REPLAY -> answer(w, k)
    :: else -> printf("      to be written later\n")
    fi
}

/* A decision that waited is written. */
inline write(p) {
    printf("the write for token %d is due\n", name(written(p)));
    presenter = waiter[p];
    token = written(p);
    verdict = decided[p];
    saved = expected(p);
    written(p) = NONE;
    expected(p) = NONE;
    waiter[p] = NONE;
    decided[p] = 0;
    if
    :: WRITE == UNCONDITIONAL -> act(presenter, token)
    :: WRITE == ANSWERED_FIRST && verdict != REPLAY ->
        if
        :: !ended[0] && head(0) == saved -> accept(token, verdict)
        :: else -> printf("      it no longer applies, and is forgotten\presenter")
        fi
    :: else ->
        if
        :: !ended[0] && head(0) == saved -> act(presenter, token)
        :: else -> decideAgain()
        fi
    fi
}

/* The head has changed meanwhile. What needs a write is written at once this time. */
inline decideAgain() {
    decide(presenter, token);
    act(presenter, token)
}

#define MAY_LOSE  (LOSSES == ANY || lost < LOSSES)
#define MAY_CRASH (CRASHES == ANY || crashed < CRASHES)
#define spend(counter, limit) counter = (limit == ANY || counter == limit -> counter : counter + 1)
#define canArrive (WRITE == AT_ONCE || written(0) == NONE || written(1) == NONE)
/* The assumption on delivery: a request that has to arrive now, or never. */
#define isDue(k) (!UNBOUNDED_DELAY && superseded[k] >= WINDOW + 1)

/*
 * Brings a state into the one form that stands for all states with the same future. No part of the rule.
 * It may forget what no step can ask for any more, and rename what is only compared; nothing else.
 */
#define tidy c_code { canonical(); }; verdict = 0; i = 0; saved = 0; fresh = 0; presenter = 0; token = 0; x = 0

c_code {
/* Not the head, no child of it, and not from a future that it has lost; and so for every head that follows. */
static int isDead(int k, int h) {
    return h == NONE
        || (k != h && now.parent[k] != h && now.generation[k] < now.generation[h] + 2);
}

static int order(int k) {
    return now.generation[k] * 64 + (k == now.head(0)) * 32 + (k == now.store) * 16 + has(now.loot, k) * 8 + k;
}

static void canonical(void) {
    /* The limits of a window that has passed play no part any more. */
    for (int r = 0; r < 2; r++) {
        if (now.sinceAdvance[r] > WINDOW) {
            now.previous(r) = NONE;
            now.lateFloor[r] = now.windowFloor[r] = now.sinceOpened[r] = 0;
        }
    }
    if (CRASHES == 0) {
        now.head(1) = now.head(0);
        now.previous(1) = NONE;
        now.sinceAdvance[1] = now.sinceOpened[1] = now.lateFloor[1] = now.windowFloor[1] = 0;
    }
    /* The thief's tokens that can never again be answered: a head only moves to its child or to a lost future. */
    for (int k = 0; k < 8; k++) {
        if (has(now.loot, k) && isDead(k, now.head(0)) && isDead(k, now.head(1))
            && isDead(k, now.written(0)) && isDead(k, now.written(1))) cut(now.loot, k);
    }
    /* Which tokens does anybody hold? A previous token that nobody could present is none. */
    int holders = now.strays | now.loot;
    for (int h = 0; h < HELD; h++) {
        if (now.held[h] != NONE && h != 2 && h != 3) put(holders, now.held[h]);
    }
    for (int r = 0; r < 2; r++) {
        if (now.previous(r) != NONE && !has(holders, now.previous(r))) now.previous(r) = NONE;
    }
    /* Generations are only compared: floors rise to the next token's, and gaps wider than 2 become 2. */
    int generations = 0, closed[32] = {0}, last = 0, count = 0;
    for (int k = 0; k < 8; k++) {
        if (has(holders, k)) put(generations, now.generation[k]);
    }
    for (int g = 1; g < 32; g++) {
        if (has(generations, g)) {
            count += count == 0 || g - last == 1 ? 1 : 2;
            last = g;
            closed[g] = count;
        }
    }
    for (int r = 0; r < 2; r++) {
        while (now.lateFloor[r] != 0 && !has(generations, now.lateFloor[r])) now.lateFloor[r]++;
        while (now.windowFloor[r] != 0 && !has(generations, now.windowFloor[r])) now.windowFloor[r]++;
        now.lateFloor[r] = closed[now.lateFloor[r]];
        now.windowFloor[r] = closed[now.windowFloor[r]];
    }
    /* Numbers in the order of generations. */
    State was = now;
    int number[8];
    now.strays = now.loot = 0;
    for (int k = 0; k < 8; k++) {
        number[k] = 0;
        for (int other = 0; other < 8; other++) number[k] += has(holders, other) && order(other) < order(k);
    }
    for (int k = 0; k < 8; k++) {
        now.parent[k] = NONE;
        now.generation[k] = now.superseded[k] = 0;
    }
    for (int k = 0; k < 8; k++) {
        if (!has(holders, k)) continue;
        int to = number[k];
        now.parent[to] = was.parent[k] != NONE && has(holders, was.parent[k]) ? number[was.parent[k]] : NONE;
        now.generation[to] = closed[was.generation[k]];
        now.superseded[to] = was.superseded[k];
        now.strays |= has(was.strays, k) << to;
        now.loot |= has(was.loot, k) << to;
#ifdef STORY
        now.named[to] = was.named[k];
#endif
    }
    for (int h = 0; h < HELD; h++) {
        if (now.held[h] != NONE) now.held[h] = number[now.held[h]];
    }
}
}

inline sync() {
    held[1] = held[0];
    held[3] = held[2];
    sinceAdvance[1] = sinceAdvance[0];
    sinceOpened[1] = sinceOpened[0];
    lateFloor[1] = lateFloor[0];
    windowFloor[1] = windowFloor[0];
    ended[1] = ended[0]
}

inline crash() {
    spend(crashed, CRASHES);
    held[0] = held[1];
    held[2] = held[3];
    sinceAdvance[0] = sinceAdvance[1];
    sinceOpened[0] = sinceOpened[1];
    lateFloor[0] = lateFloor[1];
    windowFloor[0] = windowFloor[1];
    ended[0] = ended[1];
    for (i : 0 .. PENDINGS - 1) {
        written(i) = NONE; expected(i) = NONE; waiter[i] = NONE; decided[i] = 0
    }
    printf("the server crashes: its head is token %d again\n", name(head(0)))
}

inline sayDecision(w, k) {
    if
    :: w == THE_THIEF -> printf("the thief's request with token %d arrives: ", name(k))
    :: w == STRAY -> printf("a late or copied request with token %d arrives: ", name(k))
    :: else -> printf("tab %d's request with token %d arrives: ", w, name(k))
    fi;
    if
    :: verdict == MISMATCH -> printf("mismatch\n")
    :: verdict == ENDED -> printf("ended\n")
    :: verdict == REPEAT -> printf("repeat\n")
    :: verdict == ADVANCE -> printf("advance\n")
    :: verdict == RESYNC -> printf("resync\n")
    :: verdict == LATE -> printf("late, reload\n")
    :: verdict == RECOVERED -> printf("recovered\n")
    :: verdict == REPLAY -> printf("replay: the session ends\n")
    fi
}

/*
 * The client.
 */
#define canSend(t) (store != NONE && asked(t) == NONE \
    && (!LOCK || (asked(0) == NONE && asked(TABS - 1) == NONE && asked(TABS / 2) == NONE)))

#define SEND(t) :: atomic { canSend(t) -> \
    if :: COPIES -> x = 1 :: skip fi; \
    d_step { \
        asked(t) = store; put(underWay, t); \
        printf("tab %d presents token %d\n", t, name(store)); \
        if :: x == 1 -> put(strays, store); printf("      the network keeps a copy\n") :: else fi; \
        tidy } }

/* Compare and set: the answer is stored only over the token that it answers. */
#define RECEIVE(t) :: d_step { given(t) != NONE -> \
    if \
    :: !COMPARE_AND_SET || store == asked(t) -> \
        store = given(t); printf("tab %d stores token %d\n", t, name(store)) \
    :: else -> printf("tab %d drops token %d: the store has changed\n", t, name(given(t))) \
    fi; \
    giveUp(t); tidy }

/* A lost request, a lost answer, a time-out, and a tab that crashes before it stored the answer are the same. */
#define GIVE_UP(t) :: atomic { asked(t) != NONE && MAY_LOSE -> \
    if :: has(underWay, t) -> x = 1 :: skip fi; \
    d_step { \
        spend(lost, LOSSES); \
        printf("tab %d gives up on token %d\n", t, name(asked(t))); \
        if :: x == 1 -> put(strays, asked(t)); printf("      its request is still under way\n") :: else fi; \
        for (i : 0 .. PENDINGS - 1) { if :: waiter[i] == t -> waiter[i] = STRAY :: else fi }; \
        giveUp(t); tidy } }

proctype Client() {
    do
    SEND(0) RECEIVE(0) GIVE_UP(0)
#if TABS > 1
    SEND(1) RECEIVE(1) GIVE_UP(1)
#endif
#if TABS > 2
    SEND(2) RECEIVE(2) GIVE_UP(2)
#endif
#if VOLATILE_STORE
    :: d_step { durable != store -> durable = store; tidy }
    :: d_step { durable != store ->
        store = durable;
        printf("the client crashes and finds token %d in its store\n", name(store));
        for (i : 0 .. TABS - 1) { giveUp(i) };
        tidy }
#endif
    od
}

/*
 * The network and the server: requests arrive in any order.
 */
#define ARRIVE(t) :: d_step { has(underWay, t) && canArrive -> \
    cut(underWay, t); present(t, asked(t)); tidy }

#define STRAY_IS(k) :: has(strays, k) -> x = k

proctype Server() {
    do
    ARRIVE(0)
#if TABS > 1
    ARRIVE(1)
#endif
#if TABS > 2
    ARRIVE(2)
#endif
    :: atomic { strays != 0 && canArrive ->
        if STRAY_IS(0) STRAY_IS(1) STRAY_IS(2) STRAY_IS(3) STRAY_IS(4) STRAY_IS(5) STRAY_IS(6) STRAY_IS(7) fi;
        if :: cut(strays, x) :: COPIES -> skip fi;
        d_step { present(STRAY, x); tidy } }
#if WRITE
    :: d_step { written(0) != NONE -> write(0); tidy }
    :: d_step { written(1) != NONE -> write(1); tidy }
#endif
#if CRASHES
    :: d_step { MAY_CRASH && (head(0) != head(1) || ended[0] != ended[1]) -> sync(); printf("the server's disk catches up\n"); tidy }
    :: d_step { MAY_CRASH && (head(0) != head(1) || ended[0] != ended[1]) -> crash(); tidy }
#endif
#if SIGN_OUT
    :: d_step { !ended[0] -> printf("the user signs out\n"); end(); told = true; tidy }
#endif
    od
}

/*
 * The thief. His requests arrive when he likes; every token that he is given he keeps.
 */
#define LOOT_IS(k) :: has(loot, k) -> x = k

#if THIEF
proctype Thief() {
    do
    :: d_step { !stolen && store != NONE ->
        stolen = true;
        put(loot, store);
        printf("the thief copies the store: token %d\n", name(store));
        tidy }
    :: atomic { loot != 0 && canArrive ->
        if LOOT_IS(0) LOOT_IS(1) LOOT_IS(2) LOOT_IS(3) LOOT_IS(4) LOOT_IS(5) LOOT_IS(6) LOOT_IS(7) fi;
        d_step { present(THE_THIEF, x); tidy } }
    od
}
#endif

/*
 * Time. It does not pass the moment at which a request has to arrive; copies are gone then.
 */
#define isTabDue(t)     (has(underWay, t) && isDue(asked(t)))
#define isWriteDue(p)   (written(p) != NONE && waiter[p] != THE_THIEF && isDue(written(p)))
#define older(age, limit) age = (age < limit -> age + 1 : age)

proctype Time() {
    do
    :: d_step { !isTabDue(0) && !isTabDue(TABS / 2) && !isTabDue(TABS - 1) && !isWriteDue(0) && !isWriteDue(1) ->
        printf("half a late window passes\n");
        for (i : 0 .. 1) {
            older(sinceAdvance[i], WINDOW + 1);
            older(sinceOpened[i], WINDOW + 1)
        }
        for (i : 0 .. 7) {
            if
            :: superseded[i] != 0 -> older(superseded[i], SUPERSEDED_CAP)
            :: else
            fi;
            if
            :: has(strays, i) && !UNBOUNDED_DELAY && superseded[i] > WINDOW + 1 -> cut(strays, i)
            :: else
            fi
        }
        tidy }
    od
}

/* Sign-in: token 0 is the root, the first head, which nobody holds; token 1 is given to the client. */
init {
    d_step {
        generation[0] = 1;
        generation[1] = 2;
        parent[1] = 0;
        newName(1);
        head(0) = 0;
        head(1) = 0;
        store = 1;
#if VOLATILE_STORE
        durable = 1;
#endif
        tidy
    };
    atomic {
        run Client();
        run Server();
#if THIEF
        run Thief();
#endif
        run Time()
    }
}
