using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;

namespace DmAgents.Cli.Images;

/// <summary>What an import omitted: one line per attribute.</summary>
internal static class LostAttributesView
{
    public static string Text(LeftOut lost) => string.Join('\n', lost.Attributes.Select(
        one => $"left out: {one.Name} of {Words.Count(one.Files, "file")}, the first {one.First}: {Why(one.Reason)}"));

    private static string Why(LostAttribute.Types.Reason reason) => reason switch
    {
        LostAttribute.Types.Reason.NotSupported => "the file system has no such attributes",
        LostAttribute.Types.Reason.NotPermitted => "the kernel does not allow it on a file of this type",
        LostAttribute.Types.Reason.Invalid => "its value is malformed",
        LostAttribute.Types.Reason.TooLong => "it is longer than the file system can hold",
        LostAttribute.Types.Reason.HostsOwn => "labels of SELinux are the host's to give",
        LostAttribute.Types.Reason.NamesWithoutNumbers =>
            "it names users or groups without their numbers; bsdtar --acls writes the numbers",
        _ => "the agent does not say why",
    };
}
