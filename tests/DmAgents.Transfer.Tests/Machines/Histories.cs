using DmAgents.Transfer.Content;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;

namespace DmAgents.Transfer.Tests.Machines;

/// <summary>Two hosts whose pools have different blocks, and a lineage of three layers by random writes and discards:
/// the first has all of it, the second some of the ancestors, as blocks of its own.</summary>
internal sealed class Histories
{
    public static readonly PieceSize Pieces = new(4096);

    public Histories(int seed, int senderBlock = 1024, int receiverBlock = 2048, int pieces = 14)
    {
        Random = new Random(seed);
        Sender = new MemoryPool(Records.There, senderBlock, Pieces);
        Receiver = new MemoryPool(Records.Here, receiverBlock, Pieces);
        // The last piece ends within.
        var size = pieces * Pieces.Bytes - 1536;
        var (grandparent, copy) = (Sender.Blank(size), Receiver.Blank(size));
        Change(Random.Next(0, 30), grandparent, copy);
        Grandparent = Sender.Add(grandparent);
        Receiver.Add(copy);
        var (parent, parentCopy) = (grandparent.Snapshot(), copy.Snapshot());
        Change(Random.Next(0, 8), parent, parentCopy);
        Parent = Sender.Add(parent);
        ParentCopy = parentCopy;
        // A layer may be longer than what it is made of.
        var layer = parent.Snapshot(size + Random.Next(3) * Pieces.Bytes);
        Change(Random.Next(0, 12), layer);
        Layer = Sender.Add(layer);
        Content = layer.Content;
    }

    public Random Random { get; }

    public MemoryPool Sender { get; }

    public MemoryPool Receiver { get; }

    public ContentMap Grandparent { get; }

    public ContentMap Parent { get; }

    /// <summary>Not in the receiver's pool, unless a test puts it there.</summary>
    public MemoryThin ParentCopy { get; }

    public ContentMap Layer { get; }

    public byte[] Content { get; }

    /// <summary>The same bytes to each of them.</summary>
    private void Change(int count, params MemoryThin[] devices)
    {
        for (; count > 0; count--)
        {
            var sectors = devices[0].Length / 512;
            var start = Random.NextInt64(sectors);
            var length = Math.Min(sectors - start, Random.NextInt64(1, 20));
            var bytes = new byte[length * 512];
            var kind = Random.Next(4);
            if (kind > 1)
                Random.NextBytes(bytes);
            else if (kind == 1)
                bytes.AsSpan().Fill((byte)Random.Next(3));
            foreach (var device in devices)
            {
                if (kind == 0)
                    device.Zero(start * 512, length * 512);
                else
                    device.Write(start * 512, bytes);
            }
        }
    }
}
