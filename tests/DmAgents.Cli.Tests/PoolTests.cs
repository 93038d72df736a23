using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;
using Google.Protobuf;

namespace DmAgents.Cli.Tests;

public class PoolTests
{
    public static TheoryData<string, CreatePoolRequest> Kinds => new()
    {
        {
            "x --data /dev/vdb vdd --metadata /dev/vdc --block-size 128KiB --force",
            new CreatePoolRequest
            {
                Direct = new DirectBacking
                {
                    DataDevices = { "/dev/vdb", "/somewhere/vdd" }, MetadataDevice = "/dev/vdc",
                },
                BlockSizeBytes = 128 << 10,
                Force = true,
            }
        },
        {
            "x --disk /dev/vdb --metadata-size 1G --file-system xfs",
            new CreatePoolRequest
            {
                SingleDisk = new SingleDiskBacking { Device = "/dev/vdb", MetadataSizeBytes = Samples.GiB },
                FileSystem = FileSystem.Xfs,
            }
        },
        {
            "x --loop --data-size 10G --directory there",
            new CreatePoolRequest
            {
                Loop = new LoopBacking { DataSizeBytes = 10 * Samples.GiB, Directory = "/somewhere/there" },
            }
        },
        {
            "x --existing vg-pool --file-system ext4",
            new CreatePoolRequest
            {
                Existing = new ExistingBacking { DmName = "vg-pool" }, FileSystem = FileSystem.Ext4,
            }
        },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Each_kind_of_pool_is_asked_for_as_it_was_said(string line, CreatePoolRequest expected)
    {
        await using var agent = await CreatingAsync();
        var run = await Run.Of(agent, ["pool", "create", .. line.Split(' ')]);
        Assert.Equal(0, run.Code);
        expected.Name = "x";
        expected.RequestId = Run.RequestId;
        Assert.Equal(expected, agent.Request<CreatePoolRequest>());
    }

    [Fact]
    public async Task Creating_a_pool_shows_its_steps_and_warns_of_loop_files()
    {
        await using var agent = await CreatingAsync();
        var run = await Run.Of(agent, "pool", "create", "try", "--loop", "--data-size", "20G");
        Assert.Equal(
            [
                "1/2 make files: try.data",
                "formatting",
                "pool try is low data: data 20 GiB, metadata 64 MiB, blocks of 64 KiB",
            ],
            run.Lines);
        Assert.StartsWith("dmagent: warning: a loop pool is for trying out", run.Error, StringComparison.Ordinal);
        Assert.Empty((await Run.Of(agent, "pool", "create", "try", "--disk", "/dev/vdb")).Error);
        Assert.Empty((await Run.Of(agent, "pool", "create", "try", "--loop", "--data-size", "1G", "--json")).Error);
    }

    [Fact]
    public async Task A_list_is_aligned_columns()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<ListPoolsRequest>(_ => Two());
        var run = await Run.Of(agent, "pool", "list");
        Assert.Equal(
            [
                "NAME         KIND         STATE     DATA                   METADATA               LAYERS  CONTAINERS",
                "fast         direct       writable  5 GiB of 20 GiB (25%)  8 MiB of 64 MiB (12%)      12           3",
                "longer-name  single disk  failed    unknown                unknown                     0           0",
            ],
            run.Lines);
        Assert.Equal("fast\nlonger-name\n", (await Run.Of(agent, "pool", "ls", "-q")).Out);
    }

    [Fact]
    public async Task A_list_for_scripts_has_every_field_and_numbers_as_numbers()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<ListPoolsRequest>(_ => Two());
        var run = await Run.Of(agent, "pool", "list", "--json");
        Assert.Equal(
            """
            {
              "pools": [
                {
                  "name": "fast",
                  "uuid": "",
                  "kind": "direct",
                  "state": "writable",
                  "state_since": "2026-05-01T12:30:00.000Z",
                  "state_cause": "",
                  "data": {
                    "used_bytes": 5368709120,
                    "total_bytes": 21474836480,
                    "free_bytes": 16106127360
                  },
                  "metadata": {
                    "used_bytes": 8388608,
                    "total_bytes": 67108864,
                    "free_bytes": 58720256
                  },
                  "layers": 12,
                  "containers": 3,
                  "views": 0
                },
                {
                  "name": "longer-name",
                  "uuid": "",
                  "kind": "single_disk",
                  "state": "failed",
                  "state_since": null,
                  "state_cause": "",
                  "data": null,
                  "metadata": null,
                  "layers": 0,
                  "containers": 0,
                  "views": 0
                }
              ]
            }

            """,
            run.Out);
    }

    [Fact]
    public async Task No_pool_is_said_not_shown_as_an_empty_table()
    {
        await using var agent = await FakeAgent.WithPoolsAsync();
        Assert.Equal(
            "There is no pool. Make one: dmagent pool create --help", (await Run.Of(agent, "pool", "list")).Lines[0]);
    }

    [Fact]
    public async Task A_file_system_that_the_kernel_does_not_take_is_shown_with_what_would()
    {
        var pool = Samples.LoopPool();
        pool.FormatConcerns.Add("base xfs: it has metadir; run Linux 6.13");
        await using var agent = (await FakeAgent.WithPoolsAsync("try")).On<ShowPoolRequest>(_ => pool);

        var run = await Run.Of(agent, "pool", "show");

        Assert.Contains(
            "  file system             base xfs: it has metadir; run Linux 6.13\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_is_known_of_a_pool_is_shown_in_groups()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("try")).On<ShowPoolRequest>(_ => Samples.LoopPool());
        var run = await Run.Of(agent, "pool", "show");
        Assert.Equal(
            """
            pool try
              state                   low data since 3 minutes ago
              cause                   less than a tenth is free
              needs check             no
              kind                    loop
              uuid                    b0d3
              created                 3 minutes ago

            space
              data                    ###################. 19 GiB of 20 GiB (95%), 1 GiB free
              metadata                ##.................. 8 MiB of 64 MiB (12%), 56 MiB free
              provisioned             50 GiB, 2.5 times the data
              block size              64 KiB
              sectors                 512 B
              no new devices below    2 GiB data, 6 MiB metadata free
              low water marks         2 GiB data, 4 MiB metadata
              when full               writes fail at once
              discards                free blocks, and pass down to the device
              last trim               3 minutes ago: 2 file systems, 3 GiB given back
              next trim               under way
              new blocks              zeroed

            contents
              layers                  3
              containers              2
              views                   1
              containerd's snapshots  12 in k8s.io
              ready-made snapshots    4, 0 given away
              active, mounted         2, 1
              default file system     ext4
              bases                   ext4 10 GiB, thin id 0
              deferred removal        yes
              deferred deletion       yes
              pending removals        old (thin id 9) since 3 minutes ago, 4 attempts, 2 GiB to be discarded, held by pid 811
              quarantined thin ids    11 12
              metadata directory      /var/lib/dmagents/try/metadata
              mount directory         /var/lib/dmagents/mnt

            thin pool
              dm name                 dmagents-try
              dm uuid                 DMAGENTS-b0d3-pool
              dm device               253:4
              transaction id          7
              held metadata root      block 33

            backing
              data                    /try.data  20 GiB, on /dev/loop3, 18 GiB allocated on the host, 5 GiB free there
            """.Split('\n'),
            run.Lines);
    }

    [Fact]
    public async Task A_check_that_disagrees_is_a_failure_with_what_to_do()
    {
        var reply = new CheckPoolReply
        {
            Pool = "fast", Agrees = false, JournalDevices = 3, MetadataDevices = 4, LiveDevices = 1,
            Findings =
            {
                new Finding
                {
                    Severity = Severity.Error, Object = "thin id 9", What = "nobody knows it",
                    Why = "not in the journal", Next = "dmagent pool quarantine list",
                },
            },
        };
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).On<CheckPoolRequest>(_ => reply);

        var run = await Run.Of(agent, "pool", "check");

        Assert.Equal(1, run.Code);
        Assert.Equal(
            """
            fast: 3 devices in the journal, 4 in the pool's metadata, 1 live: they DISAGREE

            error: thin id 9: nobody knows it
              why:  not in the journal
              next: dmagent pool quarantine list
            """.Split('\n'),
            run.Lines);
        reply.Agrees = true;
        reply.Findings.Clear();
        Assert.Equal(0, (await Run.Of(agent, "pool", "check", "fast")).Code);
    }

    [Fact]
    public async Task A_repair_shows_its_steps_first_and_then_what_is_so()
    {
        var found = new CheckPoolReply
        {
            Pool = "fast",
            Findings = { new Finding { Severity = Severity.Error, Object = "x", What = "it is suspended" } },
            Repairs = { new Step { What = "resume", Object = "x", Index = 1, Count = 1 } },
            ForeignTransactionId = 7,
        };
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).On<CheckPoolRequest>(_ => found)
            .On<RepairPoolRequest>(_ => new CheckPoolReply { Pool = "fast", Agrees = true, JournalDevices = 1 });

        var looked = await Run.Of(agent, "pool", "check");
        var repaired = await Run.Of(agent, "pool", "check", "--repair", "--accept-transaction-id", "7");

        Assert.Equal(1, looked.Code);
        Assert.Contains("A repair (dmagent pool check fast --repair --accept-transaction-id 7) would:", looked.Lines);
        Assert.Contains("  1/1 resume: x", looked.Lines);
        Assert.Equal(0, repaired.Code);
        Assert.Contains("1/1 resume: x", repaired.Out + repaired.Error, StringComparison.Ordinal);
        Assert.Contains("they agree", repaired.Out, StringComparison.Ordinal);
        Assert.Equal(
            new RepairPoolRequest { Pool = "fast", RequestId = Run.RequestId, AcceptTransactionId = 7 },
            agent.Request<RepairPoolRequest>());
    }

    [Fact]
    public async Task Spare_disks_are_given_taken_back_and_listed()
    {
        var pool = Samples.LoopPool();
        pool.Spares.Add(["/dev/vdd", "/dev/vde"]);
        await using var agent = (await FakeAgent.WithPoolsAsync("try")).On<ChangeSparesRequest>(_ => pool)
            .On<ShowPoolRequest>(_ => pool);

        var added = await Run.Of(agent, "pool", "spare", "add", "try", "vdd", "/dev/vde");
        Assert.Equal(
            new ChangeSparesRequest { Pool = "try", RequestId = Run.RequestId, Add = { "/somewhere/vdd", "/dev/vde" } },
            agent.Request<ChangeSparesRequest>());
        Assert.Equal("try is extended by /dev/vdd, then /dev/vde when it runs low", added.Lines[0]);
        Assert.Equal(added.Lines, (await Run.Of(agent, "pool", "spare", "list")).Lines);
        pool.Spares.Clear();
        Assert.StartsWith(
            "try has no spare disk", (await Run.Of(agent, "pool", "spare", "remove", "try", "/dev/vde")).Lines[0],
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fast --add vdd --force", """{ "addDevice": "/somewhere/vdd", "part": "PART_DATA", "force": true }""")]
    [InlineData("fast --to 40G", """{ "toSizeBytes": "42949672960", "part": "PART_DATA" }""")]
    [InlineData("fast --by 1G --metadata", """{ "bySizeBytes": "1073741824", "part": "PART_METADATA" }""")]
    public async Task A_pool_grows_by_a_device_or_a_size(string line, string expected)
    {
        await using var agent = (await FakeAgent.StartAsync()).On<GrowPoolRequest>(_ => Samples.LoopPool());
        var run = await Run.Of(agent, ["pool", "grow", .. line.Split(' ')]);
        Assert.Equal(0, run.Code);
        var request = GrowPoolRequest.Parser.ParseJson(expected);
        request.Pool = "fast";
        request.RequestId = Run.RequestId;
        Assert.Equal(request, agent.Request<GrowPoolRequest>());
        Assert.StartsWith("try: data 19 GiB of 20 GiB (95%)", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_growth_shows_what_is_to_be_known_of_the_added_disk()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<GrowPoolRequest>(_ =>
        {
            var grown = Samples.LoopPool();
            grown.GrowthWarnings.Add("the medium of /dev/vdd can be taken out: with it all of the pool goes");
            return grown;
        });
        var run = await Run.Of(agent, "pool", "grow", "fast", "--add", "vdd");
        Assert.Contains("\n  mind: the medium of /dev/vdd can be taken out", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trim_tells_what_came_back_to_pool_and_host()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("try")).On<TrimPoolRequest>(_ => new TrimPoolReply
        {
            Pool = "try", DataUsedBeforeBytes = 3 * Samples.GiB, DataUsedAfterBytes = Samples.GiB,
            HostAllocatedBeforeBytes = 4 * Samples.GiB, HostAllocatedAfterBytes = 2 * Samples.GiB,
            Trimmed =
            {
                new TrimPoolReply.Types.Trimmed
                {
                    Container = "web", TrimmedBytes = 9 * Samples.GiB, UnmappedBytes = 5 * Samples.GiB,
                    GivenBackBytes = 2 * Samples.GiB,
                },
            },
        });
        var run = await Run.Of(agent, "pool", "trim");
        Assert.Equal(
            [
                "CONTAINER  NOT USED  UNMAPPED  FREE IN THE POOL",
                "web           9 GiB     5 GiB             2 GiB",
                "try: data used 3 GiB before, 1 GiB now, 2 GiB given back",
                "on the host: 4 GiB before, 2 GiB now, 2 GiB given back",
            ],
            run.Lines);
    }

    [Fact]
    public async Task Quarantine_is_listed_purged_and_undone()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<ListQuarantineRequest>(_ => new ListQuarantineReply
            {
                Devices =
                {
                    new QuarantinedDevice
                    {
                        Pool = "fast", ThinId = 17, Why = "outcome unknown", Since = Samples.ThreeMinutesAgo,
                        MappedBytes = Samples.MiB,
                    },
                    new QuarantinedDevice
                    {
                        Pool = "fast", ThinId = 23, Key = "old", Parent = "web:1", Why = "nobody knows it",
                        Since = Samples.ThreeMinutesAgo, MappedBytes = Samples.MiB, CreatedInTransactionId = 7,
                    },
                },
            })
            .On<PurgeQuarantineRequest>(request => new PurgeQuarantineReply
            {
                PurgedThinIds = { request.ThinIds }, FreedBytes = Samples.MiB,
            })
            .On<UndeleteRequest>(request => new UndeleteReply
            {
                Pool = request.Pool, ThinId = request.ThinId, Key = request.Name, Kind = DeviceKind.Container,
            });

        Assert.Equal(
            [
                "POOL  THIN ID  KEY  ABOVE  MAPPED  MADE IN  SINCE          WHY",
                "fast       17  -    -       1 MiB        -  3 minutes ago  outcome unknown",
                "fast       23  old  web:1   1 MiB        7  3 minutes ago  nobody knows it",
            ],
            (await Run.Of(agent, "pool", "quarantine", "list")).Lines);
        Assert.Equal(
            "fast: 2 thin ids purged, 1 MiB freed\n",
            (await Run.Of(agent, "pool", "quarantine", "purge", "17", "23")).Out);
        Assert.Equal(
            "fast: thin id 17 is container rescued again\n",
            (await Run.Of(agent, "pool", "quarantine", "undelete", "17", "--name", "rescued")).Out);
        await Run.Of(agent, "pool", "quarantine", "purge", "--all");
        var purges = agent.Requests.OfType<PurgeQuarantineRequest>().ToArray();
        Assert.Equal(new uint[] { 17, 23 }, purges[0].ThinIds);
        Assert.True(purges[1].All);
        Assert.Empty(purges[1].ThinIds);
    }

    [Fact]
    public async Task Removing_tells_what_was_done()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<RemovePoolRequest>(request => new RemovePoolReply
        {
            Pool = request.Pool, Done = { new Step { What = "unmounted", Object = "web" } },
        });
        var run = await Run.Of(agent, "pool", "rm", "fast", "--force");
        Assert.Equal(["unmounted: web", "pool fast is removed"], run.Lines);
        Assert.True(agent.Request<RemovePoolRequest>().Force);
    }

    private static ListPoolsReply Two() => new()
    {
        Pools =
        {
            new PoolSummary
            {
                Name = "fast", Kind = PoolKind.Direct, State = PoolState.Writable, StateSince = Samples.Fixed,
                Data = Samples.Space(5 * Samples.GiB, 20 * Samples.GiB),
                Metadata = Samples.Space(8 * Samples.MiB, 64 * Samples.MiB), Layers = 12, Containers = 3,
            },
            new PoolSummary { Name = "longer-name", Kind = PoolKind.SingleDisk, State = PoolState.Failed },
        },
    };

    private static async Task<FakeAgent> CreatingAsync() =>
        (await FakeAgent.StartAsync()).Streams<CreatePoolRequest>(_ => new IMessage[]
        {
            new CreatePoolReply { Step = new Step { What = "make files", Object = "try.data", Index = 1, Count = 2 } },
            new CreatePoolReply { Step = new Step { What = "formatting" } },
            new CreatePoolReply { Pool = Samples.LoopPool() },
        });
}
