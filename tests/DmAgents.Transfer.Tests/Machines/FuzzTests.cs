using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Sending;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Machines;

/// <summary>Records that are each in order, but not in this place: neither machine fails by them, and no byte of theirs
/// gets into a layer.</summary>
public sealed class FuzzTests
{
    [Fact]
    public void Whatever_sources_send_the_layer_is_whole_once_one_of_them_is_right()
    {
        for (var seed = 1; seed <= 400; seed++)
        {
            var world = new Histories(seed);
            var ancestors = seed % 2 == 0 ? new[] { world.Grandparent } : [];
            var run = new TransferRun(
                world.Sender, world.Receiver, world.Random, TransferRun.RequestFor(world.Layer, ancestors),
                TransferRun.SettingsFor(world.Receiver)) { CutsStalls = true };
            var changed = 0;
            var seen = new List<TransferRecord>();
            run.OnTheWay = record =>
            {
                seen.Add(record);
                return run.Faults.Count < 10 && world.Random.Next(12) == 0 && changed++ < 30
                    ? Other(world, seen)
                    : record;
            };
            run.Run();
            Assert.True(run.Receiver.IsCommitted, $"seed {seed}: {run.Abandoned} {string.Join("; ", run.Faults)}");
            Assert.Equal(world.Content, world.Receiver.Layers[world.Layer.Digest].Content);
            Assert.True(world.Receiver.IsEmptyOfReceptions);
        }
    }

    [Fact]
    public void Whatever_a_receiver_asks_it_is_answered_or_refused_and_the_layer_is_released()
    {
        for (var seed = 1; seed <= 400; seed++)
        {
            var random = new Random(seed);
            var device = new MemoryThin(1024, 14 * 4096);
            device.Write(0, Records.Noise(9 * 4096));
            var map = device.Map(Histories.Pieces);
            var layer = new SourceLayer(
                new LayerShape(device.Size, FileSystemKind.Ext4), map,
                ImmutableDictionary<ContentDigest, ContentMap>.Empty.Add(
                    Records.Content(2), ContentMap.OfZeros(device.Size, Histories.Pieces)),
                random.Next(2) == 0 ? PieceSet.Empty : PieceSet.Of([new PieceRange(2, 3)]));
            var sender = new Sender(Records.There);
            var inputs = new Queue<SenderInput>();
            var (opened, closed) = (0, false);
            for (var step = 0; step < 200; step++)
            {
                if (inputs.Count == 0 || random.Next(8) == 0)
                    inputs.Enqueue(
                        step == 150 ? new SenderInput.Broken() : new SenderInput.Received(Question(random, map)));
                foreach (var output in sender.Step(inputs.Dequeue()))
                {
                    Assert.False(closed && output is SenderOutput.Send or SenderOutput.ReadPiece or SenderOutput.Open);
                    closed |= output is SenderOutput.Close;
                    opened -= output is SenderOutput.Release ? 1 : 0;
                    opened += output is SenderOutput.Open ? 1 : 0;
                    if (Answer(output, layer, device, random) is { } answer)
                        inputs.Enqueue(answer);
                    opened -= output is SenderOutput.Open && inputs.Last() is SenderInput.NotOpened ? 1 : 0;
                }
            }
            Step(sender, new SenderInput.Broken(), ref opened);
            while (inputs.TryDequeue(out var late))
                Step(sender, late, ref opened);
            Assert.Equal(0, opened);
        }
    }

    private static void Step(Sender sender, SenderInput input, ref int opened) =>
        opened -= sender.Step(input).Count(output => output is SenderOutput.Release);

    private static SenderInput? Answer(SenderOutput output, SourceLayer layer, MemoryThin device, Random random) =>
        output switch
        {
            SenderOutput.Open => random.Next(5) == 0
                ? new SenderInput.NotOpened(TransferRefusal.UnknownLayer, "not here")
                : new SenderInput.Opened(layer),
            SenderOutput.FindExtents => new SenderInput.ExtentsFound(random.Next(2) == 0 ? null : [.. device.Mapped]),
            SenderOutput.LookForMissing =>
                new SenderInput.Looked(layer with { Missing = PieceSet.Of([new PieceRange(2, 1)]) }),
            SenderOutput.ReadPiece read => new SenderInput.PieceRead(
                read.Piece, random.Next(20) == 0 ? new KernelError(KernelFault.Failed, 5, "read", "disk") : null),
            SenderOutput.Send => new SenderInput.Sent(),
            _ => null,
        };

    private static TransferRecord Question(Random random, ContentMap map) => random.Next(5) switch
    {
        0 or 1 => new TransferRecords.Ask(
            random.Next(8) == 0 ? Records.Here with { Fleet = default } : Records.Here, Records.Layer,
            random.Next(8) == 0 ? Records.Content(7) : map.Digest, TransferPriority.Normal,
            random.Next(8) == 0 ? PieceSize.Default : Histories.Pieces, random.Next(8) == 0 ? Records.Shape : null,
            random.Next(2) == 0, random.Next(2) == 0 ? [Records.Content(1), Records.Content(2)] : []),
        4 when random.Next(4) == 0 => new TransferRecords.PieceEnd(1),
        _ => new TransferRecords.AskPieces(random.Next(2) == 0, [.. Enumerable.Range(0, random.Next(4)).Select(
            _ => new PieceRange((ulong)random.Next(20), (ulong)random.NextInt64(1, (long)PieceRange.Most)))]),
    };

    /// <summary>Another record in the place of the last one seen.</summary>
    private static TransferRecord Other(Histories world, List<TransferRecord> seen)
    {
        var random = world.Random;
        var offset = new ByteSize((ulong)random.Next(16 * 4096 / 512) * 512);
        return random.Next(9) switch
        {
            0 => new TransferRecords.Data(offset, Records.Noise(512 * random.Next(1, 12))),
            1 => new TransferRecords.Zeros(new ByteRange(offset, new ByteSize((ulong)random.Next(9) * 512))),
            2 => new TransferRecords.PieceEnd((ulong)random.Next(16)),
            3 => new TransferRecords.End(
                (ulong)random.Next(6), (ulong)random.Next(6), (ulong)random.Next(5) * 4096, 0, world.Layer.Digest),
            4 => new TransferRecords.ZeroPieces(new PieceRange((ulong)random.Next(16), (ulong)random.Next(1, 4))),
            5 => new TransferRecords.Hashes((ulong)random.Next(16), [new PieceHash(Records.Bytes(32, 1))]),
            6 => new TransferRecords.MapEnd((ulong)random.Next(16)),
            7 => new TransferRecords.Header(
                Records.There, Records.Here, new LayerShape(world.Layer.DeviceSize, FileSystemKind.Ext4),
                random.Next(2) == 0 ? null : world.Grandparent.Digest, world.Layer.Digest, Histories.Pieces,
                (ulong)random.Next(16)),
            _ => seen[random.Next(seen.Count)],
        };
    }
}
