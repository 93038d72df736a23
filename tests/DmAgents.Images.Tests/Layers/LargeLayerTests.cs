using System.Text;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Layers;
using DmAgents.Images.Streams;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Layers;

/// <summary>Alone, because they watch the memory of the process.</summary>
[CollectionDefinition(nameof(LargeLayerTests), DisableParallelization = true)]
[Collection(nameof(LargeLayerTests))]
public sealed class LargeLayerTests : IDisposable
{
    private const long TwoGigabytes = 2L << 30;

    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Two_gigabytes_pass_through_a_few_megabytes_of_memory()
    {
        // A header for the file, its content out of nothing but zeros, and the end marker.
        var header = new TarBytes().Entry("huge", '0', change: bytes =>
            Encoding.ASCII.GetBytes(Convert.ToString(TwoGigabytes, 8).PadLeft(11, '0')).CopyTo(bytes, 124))
                .WithoutEnd();
        var size = header.Length + TwoGigabytes + 1024;
        var descriptor = new LayerDescriptor("test", null, size, null, null);
        using var layer = new LayerStream(new ZerosAfter(header, size), descriptor, "Layer of the test", null);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        var applied = LayerApplier.Apply(layer, tree.Tree, onEmptyBase: false);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        Assert.Equal(TwoGigabytes, applied.ContentBytes);
        Assert.Equal(TwoGigabytes, tree.Stat("huge")!.Size);
        Assert.InRange(allocated, 0, 16 << 20);
    }

    [Fact]
    public void Memory_for_an_entry_is_some_tens_of_bytes_whatever_its_name()
    {
        const int Entries = 20_000;
        var paths = new AppliedPaths();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var number = 0; number < Entries; number++)
            paths.Add(TreePath.Of($"d/{number}-{new string('n', 200)}"));
        var kept = GC.GetTotalMemory(forceFullCollection: true) - before;

        Assert.True(paths.Contains(TreePath.Of($"d/7-{new string('n', 200)}")));
        Assert.InRange(kept / Entries, 0, 120);
    }

    private sealed class ZerosAfter(byte[] start, long size) : ReadOnlyStream
    {
        private long position;

        public override int Read(Span<byte> buffer)
        {
            var count = (int)Math.Min(buffer.Length, size - position);
            if (position < start.Length)
                count = Math.Min(count, start.Length - (int)position);
            if (position < start.Length)
                start.AsSpan((int)position, count).CopyTo(buffer);
            else
                buffer[..count].Clear();
            position += count;
            return count;
        }
    }
}
