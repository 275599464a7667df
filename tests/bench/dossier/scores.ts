/** Scores of a partition against the gold one: B-cubed, MUC, CEAF-e, as the CoNLL task averages them. */
import type { Partition } from "./deliveries.ts";

export interface Ratio {
  precision: number;
  recall: number;
  f: number;
}

export interface Scores {
  muc: Ratio;
  bCubed: Ratio;
  ceafe: Ratio;
  conll: number;
  /** People made, for each one that there is. */
  clusterRatio: number;
  /** Pairs of people, of which records are in one cluster. */
  falseMerges: number;
  /** People of five records and more whose largest cluster has less than four fifths of them. */
  majorSplits: number;
}

type Cluster = Set<string>;

function clustersOf(partition: Partition): Cluster[] {
  const clusters = new Map<string, Cluster>();
  for (const [record, person] of partition) {
    const cluster = clusters.get(person) ?? new Set();
    clusters.set(person, cluster.add(record));
  }
  return [...clusters.values()];
}

function ratio(precision: number, recall: number): Ratio {
  const sum = precision + recall;
  return { precision, recall, f: sum === 0 ? 0 : (2 * precision * recall) / sum };
}

const part = (numerator: number, denominator: number): number =>
  denominator === 0 ? 0 : numerator / denominator;

function overlaps(cluster: Cluster, partition: Partition): Map<string, number> {
  const counts = new Map<string, number>();
  for (const record of cluster) {
    const other = partition.get(record)!;
    counts.set(other, (counts.get(other) ?? 0) + 1);
  }
  return counts;
}

/** The share of a record's cluster that is its own person, on average over the records. */
function purity(clusters: Cluster[], other: Partition): number {
  let sum = 0;
  for (const cluster of clusters) {
    for (const count of overlaps(cluster, other).values()) sum += (count * count) / cluster.size;
  }
  return part(sum, other.size);
}

/** The share of links that the other partition has too. */
function links(clusters: Cluster[], other: Partition): number {
  let kept = 0;
  let all = 0;
  for (const cluster of clusters) {
    kept += cluster.size - overlaps(cluster, other).size;
    all += cluster.size - 1;
  }
  // A work in which everybody comes once has no link to miss.
  return all === 0 ? 1 : kept / all;
}

/** The best sum of similarities when each row takes one column (Hungarian method). */
export function bestAssignment(similarity: number[][]): number {
  const [rows, columns] = [similarity.length, similarity[0]?.length ?? 0];
  if (rows === 0 || columns === 0) return 0;
  const size = Math.max(rows, columns);
  const cost = (row: number, column: number): number => -(similarity[row]?.[column] ?? 0);
  const rowPotential = new Array<number>(size + 1).fill(0);
  const columnPotential = new Array<number>(size + 1).fill(0);
  const rowOf = new Array<number>(size + 1).fill(0);
  for (let row = 1; row <= size; ++row) {
    const way = new Array<number>(size + 1).fill(0);
    const least = new Array<number>(size + 1).fill(Infinity);
    const used = new Array<boolean>(size + 1).fill(false);
    let column = 0;
    rowOf[0] = row;
    do {
      used[column] = true;
      const current = rowOf[column]!;
      let delta = Infinity;
      let next = 0;
      for (let other = 1; other <= size; ++other) {
        if (used[other]) continue;
        const reduced =
          cost(current - 1, other - 1) - rowPotential[current]! - columnPotential[other]!;
        if (reduced < least[other]!) {
          least[other] = reduced;
          way[other] = column;
        }
        if (least[other]! < delta) {
          delta = least[other]!;
          next = other;
        }
      }
      for (let other = 0; other <= size; ++other) {
        if (used[other]) {
          rowPotential[rowOf[other]!]! += delta;
          columnPotential[other]! -= delta;
        } else {
          least[other]! -= delta;
        }
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      rowOf[column] = rowOf[way[column]!]!;
      column = way[column]!;
    }
  }
  let sum = 0;
  for (let column = 1; column <= size; ++column) sum -= cost(rowOf[column]! - 1, column - 1);
  return sum;
}

/** CEAF with the entity similarity phi 4. */
function alignedSimilarity(made: Cluster[], gold: Cluster[], goldPartition: Partition): number {
  const columnOf = new Map(
    gold.map((cluster, index) => [goldPartition.get([...cluster][0]!)!, index]),
  );
  const similarity = made.map((cluster) => {
    const row = new Array<number>(gold.length).fill(0);
    for (const [person, count] of overlaps(cluster, goldPartition)) {
      const column = columnOf.get(person)!;
      row[column] = (2 * count) / (cluster.size + gold[column]!.size);
    }
    return row;
  });
  return bestAssignment(similarity);
}

export function score(made: Partition, gold: Partition): Scores {
  const madeClusters = clustersOf(made);
  const goldClusters = clustersOf(gold);
  const muc = ratio(links(madeClusters, gold), links(goldClusters, made));
  const bCubed = ratio(purity(madeClusters, gold), purity(goldClusters, made));
  const aligned = alignedSimilarity(madeClusters, goldClusters, gold);
  const ceafe = ratio(part(aligned, madeClusters.length), part(aligned, goldClusters.length));
  let falseMerges = 0;
  for (const cluster of madeClusters) falseMerges += overlaps(cluster, gold).size - 1;
  let majorSplits = 0;
  for (const cluster of goldClusters) {
    const largest = Math.max(...overlaps(cluster, made).values());
    if (cluster.size >= 5 && largest < 0.8 * cluster.size) ++majorSplits;
  }
  return {
    muc,
    bCubed,
    ceafe,
    conll: (muc.f + bCubed.f + ceafe.f) / 3,
    clusterRatio: part(madeClusters.length, goldClusters.length),
    falseMerges,
    majorSplits,
  };
}

function mean(numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** The mean over works; merges and splits are added up. */
export function macro(all: Scores[]): Scores {
  const ratioOf = (of: (scores: Scores) => Ratio): Ratio => ({
    precision: mean(all.map((scores) => of(scores).precision)),
    recall: mean(all.map((scores) => of(scores).recall)),
    f: mean(all.map((scores) => of(scores).f)),
  });
  const sum = (of: (scores: Scores) => number): number =>
    all.reduce((total, scores) => total + of(scores), 0);
  return {
    muc: ratioOf(({ muc }) => muc),
    bCubed: ratioOf(({ bCubed }) => bCubed),
    ceafe: ratioOf(({ ceafe }) => ceafe),
    conll: mean(all.map(({ conll }) => conll)),
    clusterRatio: mean(all.map(({ clusterRatio }) => clusterRatio)),
    falseMerges: sum(({ falseMerges }) => falseMerges),
    majorSplits: sum(({ majorSplits }) => majorSplits),
  };
}
