using System.Text;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.EndToEnd.Tests.BadInput;

/// <summary>Disks that somebody uses, or that carry something.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class DiskTests(AgentFixture agent)
{
    private const int Size = 64 << 20;

    [Theory]
    [InlineData("ext4", "ext4")]
    [InlineData("gpt", "GPT")]
    [InlineData("mbr", "partition table")]
    [InlineData("lvm", "LVM")]
    public async Task A_disk_that_carries_something_is_taken_only_by_force(string what, string named)
    {
        using var disk = new LoopDisk(agent, what);
        Write(disk, what);
        var before = disk.Start();

        var problem = await AgentClient.Refused(Kind.Refused, () => Create($"carries-{what}", disk.Path, force: false));

        Assert.Equal(disk.Path, problem.Object);
        Assert.Contains(named, problem.Why, StringComparison.Ordinal);
        Assert.Contains("force", problem.Next, StringComparison.Ordinal);
        Assert.Equal(before, disk.Start());
        await Create($"carries-{what}", disk.Path, force: true);
        await agent.Client.RemovePool($"carries-{what}");
    }

    [Fact]
    public async Task A_disk_of_another_pool_is_named_as_such()
    {
        var problem = await AgentClient.Refused(
            [Kind.Refused, Kind.Busy], () => Create("thief", Places.DataDisk.Value, force: true));

        Assert.Equal(Places.DataDisk.Value, problem.Object);
        await agent.Client.MustAgree(AgentFixture.Direct);
    }

    [Fact]
    public async Task A_mounted_disk_is_refused_even_by_force() =>
        await AgentClient.Refused(Kind.Busy, () => Create("thief", Places.StateDisk.Value, force: true));

    [Fact]
    public async Task What_is_no_disk()
    {
        await AgentClient.Refused(Kind.NotFound, () => Create("none", "/dev/absent", force: false));
        await AgentClient.Refused(Kind.Usage, () => Create("none", "/dev/null", force: false));
        await AgentClient.Refused(Kind.Usage, () => Create("none", "dev/relative", force: false));
        Assert.False(Directory.Exists(agent.Places.Pool("none")));
    }

    [Fact]
    public async Task A_read_only_disk_is_taken_neither_for_a_pool_nor_for_its_growth_nor_as_a_spare()
    {
        using var disk = new LoopDisk(agent, "read-only");
        await Shell.Must("blockdev", "--setro", disk.Path);

        Problem[] refused =
        [
            await AgentClient.Refused(Kind.Refused, () => Create("read-only", disk.Path, force: true)),
            await AgentClient.Refused(Kind.Refused, async () => await agent.Client.Pools.GrowAsync(new GrowPoolRequest
            {
                RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct, Force = true, AddDevice = disk.Path,
                Part = GrowPoolRequest.Types.Part.Data,
            })),
            await AgentClient.Refused(Kind.Refused, async () => await agent.Client.Pools.ChangeSparesAsync(
                new ChangeSparesRequest
                {
                    RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct, Add = { disk.Path },
                })),
        ];

        Assert.All(refused, problem => Assert.Equal((disk.Path, "it is read-only"), (problem.Object, problem.Why)));
        Assert.False(Directory.Exists(agent.Places.Pool("read-only")));
        await Shell.Must("blockdev", "--setrw", disk.Path);
    }

    private Task<PoolDetails> Create(string name, string disk, bool force) =>
        agent.Client.CreatePool(new CreatePoolRequest
        {
            Name = name, Force = force,
            SingleDisk = new SingleDiskBacking { Device = disk, MetadataSizeBytes = 4 << 20 },
        });

    /// <summary>What wipefs would find: the signatures' own bytes, at their places.</summary>
    private void Write(LoopDisk disk, string what)
    {
        switch (what)
        {
            case "ext4":
                agent.Kernel.Format(new DevicePath(disk.Path), FileSystemKind.Ext4).Must();
                break;
            case "gpt":
                Write(disk, "mbr");
                disk.Write(512, "EFI PART\0\0\u0001\0\\\0\0\0");
                break;
            case "mbr":
                // One partition of type Linux, of 2048 sectors from sector 2048 on.
                disk.Write(446, "\0\0\0\0\u0083\0\0\0\0\u0008\0\0\0\u0008\0\0");
                disk.Write(510, "\u0055\u00AA");
                break;
            case "lvm":
                disk.Write(512, "LABELONE\u0001\0\0\0\0\0\0\0\0\0\0\0\u0020\0\0\0LVM2 001");
                break;
        }
    }

    /// <summary>A disk of the test's own: a file with a loop device.</summary>
    private sealed class LoopDisk : IDisposable
    {
        private readonly AgentFixture _agent;
        private readonly LoopFile _file;

        public LoopDisk(AgentFixture agent, string name)
        {
            _agent = agent;
            _file = new LoopFile($"{Places.State}/disk-{name}.img");
            agent.Kernel.CreateFile(_file, new ByteSize(Size)).Must();
            Path = agent.Kernel.AttachLoop(_file).Must().Value;
        }

        public string Path { get; }

        public void Write(ulong offset, string bytes) =>
            _agent.Kernel.Write(new DevicePath(Path), new ByteSize(offset), Encoding.Latin1.GetBytes(bytes)).Must();

        public byte[] Start()
        {
            var bytes = new byte[1 << 20];
            _agent.Kernel.Read(new DevicePath(Path), ByteSize.Zero, bytes).Must();
            return bytes;
        }

        public void Dispose()
        {
            _agent.Kernel.DetachLoop(_file).Must();
            _agent.Kernel.DeleteFile(_file).Must();
        }
    }
}
