using System.Security.Cryptography;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Tests.Contract;
using DmAgents.Testing.Contracts;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Loopback;
using DmAgents.Transfer.Wire;

namespace DmAgents.Kernel.Tests.Transfers;

/// <summary>Both sides of a transfer as they ship, over TLS, between two real pools of different blocks.</summary>
[Trait("Needs", "Kernel")]
public sealed class TransferTests : IDisposable
{
    private static readonly ChainId Name = new(Digest.FromHash(new byte[32]));
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    private readonly LinuxKernelFixture _fixture = new();
    private readonly ContractScope _scope;

    public TransferTests() => _scope = new ContractScope(_fixture);

    private IKernel Kernel => _fixture.Kernel;

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(FileSystemKind.Ext4, 64, 192)]
    [InlineData(FileSystemKind.Xfs, 256, 64)]
    public async Task A_lineage_arrives_byte_for_byte_and_costs_what_changed(FileSystemKind kind, int from, int to)
    {
        var (sender, receiver) = (Pool(from), Pool(to));
        var lineage = Lineage(sender, kind);
        await using var link = new TlsLink(sender.Identity, sender);
        var ancestors = new List<ContentMap>();
        LabLayer? parent = null;
        foreach (var layer in lineage)
        {
            var before = link.WireBytes;
            var outcome = await ReceiveAsync(receiver, layer, ancestors, async _ => await link.ConnectAsync());
            MustBeCommitted(outcome);
            var (received, origin) = (receiver.Layers[layer.Map.Digest], Origin(receiver, parent));
            var changed = Kernel.ChangedRanges(sender.Pool.Name, layer.Id, parent?.Id).Must();
            Assert.InRange(link.WireBytes - before, 0, Bytes(changed) * 102 / 100 + 32 * 1024);
            MustMapOnly(receiver, received, origin, changed, to);
            MustBeEqual(sender, layer, receiver, received);
            ancestors.Insert(0, layer.Map);
            parent = layer;
        }
        Assert.All(await link.FaultsAsync(), Assert.Null);
        Assert.Equal(
            [(1u, null), (2u, 1u), (3u, 2u), (4u, 3u)],
            Kernel.ListThins(receiver.Pool.Name).Must().Select(thin => (thin.Id.Value, thin.SnapshotOf?.Value)));
        MustBeSoundAndUnheld(sender, receiver);
    }

    [Fact]
    public async Task A_layer_arrives_upon_an_ancestor_that_is_not_its_parent()
    {
        var (sender, receiver) = (Pool(64), Pool(192));
        var lineage = Lineage(sender, FileSystemKind.Ext4);
        await using var link = new TlsLink(sender.Identity, sender);
        var ancestors = new List<ContentMap>();
        foreach (var layer in lineage.Take(2))
        {
            var arrived = await ReceiveAsync(receiver, layer, ancestors, async _ => await link.ConnectAsync());
            MustBeCommitted(arrived);
            ancestors.Insert(0, layer.Map);
        }

        var outcome = await ReceiveAsync(receiver, lineage[3], ancestors, async _ => await link.ConnectAsync());

        MustBeCommitted(outcome);
        var received = receiver.Layers[lineage[3].Map.Digest];
        MustBeEqual(sender, lineage[3], receiver, received);
        Assert.Equal(
            receiver.Layers[lineage[1].Map.Digest].Id,
            Kernel.ListThins(receiver.Pool.Name).Must().Single(thin => thin.Id == received.Id).SnapshotOf);
        MustBeSoundAndUnheld(sender, receiver);
    }

    [Fact]
    public async Task A_cancelled_transfer_leaves_nothing()
    {
        var (sender, receiver) = (Pool(64), Pool(192));
        var layer = Lineage(sender, FileSystemKind.Ext4)[1];
        await using var link = new TlsLink(sender.Identity, sender);
        var before = Kernel.PoolStatus(receiver.Pool.Name).Must();
        using var cancelled = new CancellationTokenSource();

        var outcome = await Reception(receiver, layer, [], async attempt =>
        {
            if (attempt > 0)
            {
                Assert.False(receiver.IsEmptyOfReceptions);
                Assert.NotEqual(0ul, Kernel.PoolStatus(receiver.Pool.Name).Must().Data.Used);
                await cancelled.CancelAsync();
            }
            return await link.ConnectAsync(breaksAfter: 6 << 20);
        }).RunAsync(cancelled.Token, CancellationToken.None).WaitAsync(Deadline);

        Assert.Equal(ReceptionEnd.GivenUp, outcome.End);
        Assert.True(receiver.IsEmptyOfReceptions);
        Assert.Empty(Kernel.ListThins(receiver.Pool.Name).Must());
        Eventually.Equal(
            before.Data.Used, () => Kernel.PoolStatus(receiver.Pool.Name).Must().Data.Used, "used blocks");
        MustBeSoundAndUnheld(sender, receiver);
    }

    [Fact]
    public async Task A_receiver_that_died_goes_on_with_what_is_on_its_disk()
    {
        var (sender, receiver) = (Pool(64), Pool(192));
        var layer = Lineage(sender, FileSystemKind.Ext4)[1];
        await using var link = new TlsLink(sender.Identity, sender);
        var died = new TaskCompletionSource();
        // It waits for its second source, and never has one.
        _ = Reception(receiver, layer, [], async attempt =>
        {
            if (attempt == 0)
                return await link.ConnectAsync(breaksAfter: 12 << 20);
            died.TrySetResult();
            return await new TaskCompletionSource<Stream?>().Task;
        }).RunAsync(CancellationToken.None, CancellationToken.None);
        await died.Task.WaitAsync(Deadline);
        Eventually.True(() => receiver.Kept!.Value.Progress.Verified.Count >= 8, "eight pieces were noted");
        receiver.Die();
        var (progress, map) = receiver.Kept!.Value;
        var before = link.WireBytes;

        var settings = new ReceiverSettings(receiver.Identity, LabPool.Pieces, ByteSize.GiB(1));
        var outcome = await new LayerReception(
            new Receiver(Request(layer, []), settings, progress, map), receiver,
            new Connector(async _ => await link.ConnectAsync()), new ConnectionSettings(), TimeProvider.System)
            .RunAsync(CancellationToken.None, CancellationToken.None).WaitAsync(Deadline);

        MustBeCommitted(outcome);
        var whole = Bytes(Kernel.ChangedRanges(sender.Pool.Name, layer.Id, null).Must());
        Assert.InRange(link.WireBytes - before, 1, whole - (7 << 20));
        MustBeEqual(sender, layer, receiver, receiver.Layers[layer.Map.Digest]);
        MustBeSoundAndUnheld(sender, receiver);
    }

    private LabPool Pool(int blockKibibytes)
    {
        var block = new PoolBlockSize(ByteSize.KiB((ulong)blockKibibytes));
        return new LabPool(_scope, _scope.OpenPool(dataMebibytes: 384, blockSize: block), block);
    }

    /// <summary>A base, a layer of many files, one that changes, deletes and trims, and one that changes a little.
    /// </summary>
    private List<LabLayer> Lineage(LabPool pool, FileSystemKind kind)
    {
        // mkfs.xfs makes nothing below 300 MiB. A device may end within a block of either pool.
        var shape = new LayerShape(ByteSize.MiB(kind == FileSystemKind.Xfs ? 320u : 63u), kind);
        var random = new Random(77);
        var origin = pool.Make(null, shape, device => Kernel.Format(device.Name.Path, kind).Must());
        var files = pool.Make(origin, shape, device => Changed(device, kind, root =>
        {
            for (var i = 0; i < 60; i++)
                Write(root, $"etc/{i % 7}/file-{i}", random, random.Next(1, 800_000), isText: i % 3 == 0);
            File.CreateSymbolicLink($"{root}/link", "etc/1");
        }));
        var changes = pool.Make(files, shape, device => Changed(device, kind, root =>
        {
            for (var i = 0; i < 60; i += 4)
                File.Delete($"{root}/etc/{i % 7}/file-{i}");
            Write(root, "etc/1/file-1", random, 300_000, isText: false);
            Write(root, "new", random, 1_000_000, isText: true);
            Kernel.SyncFileSystem(new MountPath(root)).Must();
            Kernel.Trim(new MountPath(root), ByteSize.Zero, shape.DeviceSize).Must();
        }));
        var little = pool.Make(changes, shape, device => Changed(device, kind, root =>
            Write(root, "etc/5/file-5", random, 70_000, isText: false)));
        // The map of a child is its parent's and the changes: all bytes give the same.
        Assert.All(pool.Layers.Values, layer => Assert.Equal(layer.Map.Digest, pool.Scan(layer).Digest));
        return [origin, files, changes, little];
    }

    private void Changed(LiveDevice device, FileSystemKind kind, Action<string> change)
    {
        var mounted = _scope.Mount(device, kind);
        change(mounted.Value);
        Kernel.Unmount(mounted, detach: false).Must();
    }

    private static void Write(string root, string name, Random random, int length, bool isText)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        for (var i = 0; isText && i < length; i++)
            bytes[i] = (byte)('a' + bytes[i] % 3);
        Directory.CreateDirectory(Path.GetDirectoryName($"{root}/{name}")!);
        File.WriteAllBytes($"{root}/{name}", bytes);
    }

    private static LabLayer? Origin(LabPool receiver, LabLayer? parent) =>
        parent is null ? null : receiver.Layers[parent.Map.Digest];

    /// <summary>The receiver's blocks that a changed range touches, and no others.</summary>
    private void MustMapOnly(
        LabPool pool, LabLayer layer, LabLayer? origin, IReadOnlyList<ByteRange> changed, int blockKibibytes)
    {
        var block = (ulong)blockKibibytes * 1024;
        var touched = changed.SelectMany(range => Enumerable.Range(
            (int)(range.Start.Bytes / block), (int)((range.End.Bytes - 1) / block - range.Start.Bytes / block + 1)))
            .ToHashSet();
        var mapped = Kernel.ChangedRanges(pool.Pool.Name, layer.Id, origin?.Id).Must()
            .SelectMany(range => Enumerable.Range((int)(range.Start.Bytes / block), (int)(range.Length.Bytes / block)));
        Assert.All(mapped, index => Assert.Contains(index, touched));
    }

    private void MustBeEqual(LabPool from, LabLayer layer, LabPool to, LabLayer received)
    {
        Eventually.True(() => from.IsUnread && to.IsUnread, "no connection reads a layer any more");
        Assert.Equal(layer.Shape, received.Shape);
        Assert.Equal(layer.Map.Digest, to.Scan(received).Digest);
        Assert.Equal(Content(from, layer), Content(to, received));
        var tree = TreeOf.Device(_scope, from, layer);
        Assert.Equal(tree, TreeOf.Device(_scope, to, received));
    }

    /// <summary>Each MiB through the page cache, as a file system reads it.</summary>
    private List<string> Content(LabPool pool, LabLayer layer)
    {
        var (bytes, mebibytes) = (new byte[1 << 20], new List<string>());
        var device = Kernel.ActivateThin(pool.Table(layer.Id, layer.Shape, readOnly: true)).Must();
        for (var at = ByteSize.Zero; at < layer.Shape.DeviceSize; at += ByteSize.MiB(1))
        {
            Kernel.Read(device.Name.Path, at, bytes).Must();
            mebibytes.Add(Convert.ToHexString(SHA256.HashData(bytes)));
        }
        Kernel.Remove(device.Name, deferred: false).Must();
        return mebibytes;
    }

    /// <summary>No device is live but the pools, no metadata snapshot is held, and thin_check finds no fault.</summary>
    private void MustBeSoundAndUnheld(params LabPool[] pools)
    {
        foreach (var pool in pools)
        {
            Assert.True(pool.IsEmptyOfReceptions);
            Assert.Null(Kernel.PoolStatus(pool.Pool.Name).Must().HeldRoot);
            Eventually.Equal(
                3, () => Kernel.ListDevices($"{DeviceNames.UuidPrefix}{pool.Pool.Uuid}").Must().Count,
                "the number of live devices: a pool and its two disks");
            // A device that the sender's thread removes is not listed from the begin of its removal on, and holds the
            // pool to its end.
            Eventually.Equal(
                0u, () => Kernel.Find(pool.Pool.Name).Must().OpenCount, "how often the pool is open");
            Kernel.ClosePool(pool.Pool.Name).Must();
            Kernel.CheckMetadata(pool.Pool.Table.Metadata).Must();
        }
    }

    private static void MustBeCommitted(ReceptionOutcome outcome) =>
        Assert.True(outcome.End == ReceptionEnd.Committed, outcome.Reason);

    private static long Bytes(IEnumerable<ByteRange> ranges) => ranges.Sum(range => (long)range.Length.Bytes);

    private static ReceiveRequest Request(LabLayer layer, IEnumerable<ContentMap> ancestors) =>
        new(Name, layer.Map.Digest, TransferPriority.Normal, layer.Shape, [.. ancestors]);

    private static Task<ReceptionOutcome> ReceiveAsync(
        LabPool into, LabLayer layer, IEnumerable<ContentMap> ancestors, Func<int, Task<Stream?>> connect) =>
        Reception(into, layer, ancestors, connect)
            .RunAsync(CancellationToken.None, CancellationToken.None).WaitAsync(Deadline);

    private static LayerReception Reception(
        LabPool into, LabLayer layer, IEnumerable<ContentMap> ancestors, Func<int, Task<Stream?>> connect) => new(
        new Receiver(
            Request(layer, ancestors),
            new ReceiverSettings(into.Identity, LabPool.Pieces, ByteSize.GiB(1)) { SyncEvery = 8 }),
        into, new Connector(connect), new ConnectionSettings(), TimeProvider.System);

    private sealed class Connector(Func<int, Task<Stream?>> connect) : ISourceConnector
    {
        private int _attempts;

        public Task<Stream?> ConnectAsync(string? fault, CancellationToken cancellation) => connect(_attempts++);
    }
}
