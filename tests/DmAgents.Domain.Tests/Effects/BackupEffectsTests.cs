using System.IO.Compression;
using System.Text;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Effects;

public sealed class BackupEffectsTests
{
    private readonly TestPool _pool = new();

    private BackupEffects Backups => new(_pool.Kernel, _pool.Files, _pool.Context);

    private string Folder => _pool.Context.Paths.BackupDirectory;

    [Fact]
    public void A_backup_tells_its_time_and_the_pools_transaction_id()
    {
        _pool.Container(2, "web");
        Assert.True(_pool.Kernel.SetTransactionId(_pool.Context.Device, new(0), new(7)).Succeeded);

        var made = Backups.Make(Name(0)).Value;

        Assert.Equal(2, made.Thins.Length);
        var listed = Assert.Single(Backups.List().Value);
        Assert.Equal(Name(0), listed.Name);
        Assert.True(listed.Size.Bytes > 0);
        Assert.Equal(new TransactionId(7), Backups.TransactionOf(Name(0)));
    }

    [Fact]
    public void A_backup_is_gzip_for_whoever_reads_it_and_tells_whose_it_is()
    {
        Assert.True(Backups.Make(Name(0)).Succeeded);

        var file = _pool.Files.Read($"{Folder}/{Name(0).FileName}").Value;

        Assert.Contains(
            $"dmagents pool {_pool.Context.Identity.Uuid}\0", Encoding.ASCII.GetString(file), StringComparison.Ordinal);
        using var text = new StreamReader(new GZipStream(new MemoryStream(file), CompressionMode.Decompress));
        Assert.StartsWith("<superblock", text.ReadToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_cannot_be_made_is_none()
    {
        Assert.True(_pool.Simulated.HoldMetadataSnapshot(_pool.Context.Device).Succeeded);

        Assert.True(Backups.Make(Name(0)).FailedWith(KernelFault.Busy));

        Assert.Empty(_pool.Files.Paths);
    }

    [Fact]
    public void Those_that_are_too_many_go_and_what_a_crash_left_and_nothing_else()
    {
        for (var i = 0; i < 4; i++)
            Assert.True(Backups.Make(Name(i)).Succeeded);
        _pool.Files.Replace($"{Folder}/{Name(9).FileName}.tmp", [1]);
        _pool.Files.Replace($"{Folder}/notes.txt", [1]);

        var settings = new BackupSettings(TimeSpan.FromHours(1), 1, Keep: 2, ByteSize.MiB(1));
        Assert.Equal(KernelResult.Done, Backups.Prune(settings));

        Assert.Equal([Name(3), Name(2)], Backups.List().Value.Select(backup => backup.Name));
        Assert.Equal(3, _pool.Files.Paths.Count);
        Assert.Equal(KernelResult.Done, Backups.RemoveAll());
        Assert.Equal([$"{Folder}/notes.txt"], _pool.Files.Paths);
    }

    [Fact]
    public void A_file_that_is_damaged_tells_no_transaction_id()
    {
        _pool.Files.Replace($"{Folder}/{Name(0).FileName}", [1, 2, 3]);

        Assert.Null(Backups.TransactionOf(Name(0)));
        Assert.Null(Backups.TransactionOf(Name(1)));
    }

    [Fact]
    public void One_that_can_be_restored_is_proved_and_leaves_nothing_behind()
    {
        _pool.Container(2, "web");
        var made = Backups.Make(Name(0)).Value;
        _pool.Container(3, "since");

        Assert.Equal(KernelResult.Done, Backups.Prove(Name(0), Shape, made));
        Assert.Equal(KernelResult.Done, Backups.Prove(Name(0), Shape, written: null));

        Assert.Equal([$"{Folder}/{Name(0).FileName}"], _pool.Files.Paths);
        var root = _pool.Context.Paths.Root;
        foreach (var part in (string[])["proof-new", "proof-text", "new", "text"])
            Assert.True(_pool.Kernel.InspectFile(new($"{root}/scratch-{part}.img")).FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void One_that_has_other_devices_than_were_written_down_is_not_proved()
    {
        _pool.Container(2, "web");
        var made = Backups.Make(Name(0)).Value;
        var other = made with { Thins = [made.Thins[0], made.Thins[1] with { MappedBlocks = 99 }] };

        Assert.True(Backups.Prove(Name(0), Shape, other).FailedWith(KernelFault.Invalid));
        Assert.True(Backups.Prove(Name(0), Shape, made with { TransactionId = new(9) })
            .FailedWith(KernelFault.Invalid));
    }

    [Fact]
    public void One_whose_text_is_damaged_is_not_proved()
    {
        Assert.True(Backups.Make(Name(0)).Succeeded);
        var path = $"{Folder}/{Name(0).FileName}";
        var file = _pool.Files.Read(path).Value;
        Assert.True(_pool.Files.Replace(path, file.AsSpan(0, file.Length / 2)).Succeeded);

        Assert.False(Backups.Prove(Name(0), Shape, written: null).Succeeded);
        Assert.True(Backups.Prove(Name(1), Shape, written: null).FailedWith(KernelFault.NotFound));
    }

    private static MetadataShape Shape => new(new(0), PoolBlockSize.Default, DataBlocks: 1024);

    private static BackupName Name(int hour) => new(Given.At + TimeSpan.FromHours(hour));
}
