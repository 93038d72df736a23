using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.DeviceMapper;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Interop;
using DmAgents.Kernel.Processes;
using DmAgents.Kernel.ThinPools;

namespace DmAgents.Kernel.Hosts;

/// <summary>Something that a host lacks.</summary>
/// <param name="What">What is missing, as text for the operator.</param>
/// <param name="Next">What the operator can do about it.</param>
/// <param name="Fatal">Nothing works without it; otherwise only one kind of pool or file system does not.</param>
public sealed record HostProblem(string What, string Next, bool Fatal);

/// <summary>What a host's kernel and programs can do.</summary>
/// <param name="KernelRelease">As uname -r prints it.</param>
/// <param name="IsRoot">The agent runs as root.</param>
/// <param name="DeviceMapper">The version of device-mapper's interface; null if the kernel has none.</param>
/// <param name="ThinPoolTarget">The version of the thin-pool target; null if the kernel has none.</param>
/// <param name="ThinTarget">The version of the thin target; null if the kernel has none.</param>
/// <param name="Problems">What is missing; empty on a host that lacks nothing.</param>
public sealed record HostReport(
    string KernelRelease,
    bool IsRoot,
    Version? DeviceMapper,
    Version? ThinPoolTarget,
    Version? ThinTarget,
    IReadOnlyList<HostProblem> Problems)
{
    /// <summary>Pools on disks can be opened.</summary>
    public bool CanRun => !Problems.Any(problem => problem.Fatal);
}

/// <summary>Checks this host's abilities before the agent uses them.</summary>
public static class KernelProbe
{
    private const string LoopControl = "/dev/loop-control";

    private static readonly SystemProgram LoadModule = new("modprobe", "kmod");

    private static readonly TimeSpan LoadDeadline = TimeSpan.FromSeconds(30);

    /// <summary>Checks the host. Tries once to load device-mapper's modules if they are missing.</summary>
    /// <param name="usesVolumeGroup">LVM volumes extend the pools.</param>
    public static HostReport Look(bool usesVolumeGroup = false)
    {
        var isRoot = DeviceCalls.EffectiveUser() == 0;
        var problems = new List<HostProblem>();
        if (!isRoot)
            problems.Add(new HostProblem("not running as root", "start it as root, or with sudo", Fatal: true));
        var (mapper, pool, thin) = Versions();
        if (isRoot && pool is null)
        {
            // The module's dependencies include device-mapper itself. The next look shows whether the load worked.
            new ProcessRunner(LoadDeadline).Run(LoadModule, "dm-thin-pool", "dm-thin-pool");
            (mapper, pool, thin) = Versions();
        }
        if (isRoot && mapper is null)
            problems.Add(new HostProblem("this kernel has no device-mapper",
                "modprobe dm-mod; or boot a kernel with CONFIG_BLK_DEV_DM", Fatal: true));
        else if (isRoot && pool is null)
            problems.Add(new HostProblem("this kernel has no thin pools",
                "modprobe dm-thin-pool; or boot a kernel with CONFIG_DM_THIN_PROVISIONING", Fatal: true));
        if (!File.Exists(LoopControl))
            problems.Add(new HostProblem("this kernel has no loop devices: no loop pools",
                "modprobe loop", Fatal: false));
        problems.AddRange(MissingPrograms(ProgramsFor(usesVolumeGroup), program => program.Find() is not null));
        return new HostReport(Release(), isRoot, mapper, pool, thin, problems);
    }

    /// <summary>The programs that a host needs, each with what does not work without it.</summary>
    internal static IReadOnlyList<(SystemProgram Program, string Without)> ProgramsFor(bool usesVolumeGroup) =>
    [
        (FileSystemMaker.MakeExt4, "no such file systems can be made"),
        (FileSystemMaker.MakeXfs, "no such file systems can be made"),
        (MetadataCheck.ThinCheck, "pools are opened without a look at their metadata"),
        (MetadataPrograms.ThinDump, "the metadata of pools cannot be backed up"),
        (MetadataPrograms.ThinRepair, "damaged metadata cannot be repaired"),
        (MetadataPrograms.ThinRestore, "no metadata can be made of a backup"),
        .. usesVolumeGroup
            ? VolumeGroups.Programs.Select(program => (program, "the configured volume group extends no pool"))
            : [],
    ];

    internal static IEnumerable<HostProblem> MissingPrograms(
        IEnumerable<(SystemProgram Program, string Without)> needed, Func<SystemProgram, bool> isThere) =>
        from need in needed
        where !isThere(need.Program)
        select new HostProblem($"{need.Program.Name} is not installed: {need.Without}",
            $"apt-get install {need.Program.DebianPackage}", Fatal: false);

    private static string Release() =>
        ProcFile.Read("/proc/sys/kernel/osrelease")?.TrimEnd('\n') ?? Environment.OSVersion.VersionString;

    private static (Version? Mapper, Version? Pool, Version? Thin) Versions()
    {
        var opened = DmControl.Open();
        if (!opened.Succeeded)
            return (null, null, null);
        using var control = opened.Value;
        var targets = control.TargetVersions();
        return (control.KernelVersion, Of(PoolTableText.TargetType), Of(ThinStatusText.TargetType));

        Version? Of(string type) => targets.Succeeded
            ? targets.Value.FirstOrDefault(target => target.Type == type)?.Version
            : null;
    }
}
