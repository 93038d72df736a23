using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using Spectre.Console;

namespace DmAgents.Cli.Containers;

/// <summary>Containers of the fleet.</summary>
internal static class FleetContainerViews
{
    public static string Sentence(FleetContainer container) => container.Phase switch
    {
        FleetContainer.Types.Phase.BringingImage =>
            $"{container.Name} is to be on {container.Host}, which brings the image first: dmagent container list --fleet",
        FleetContainer.Types.Phase.Creating =>
            $"{container.Name} is to be on {container.Host}: dmagent container list --fleet",
        _ => $"{container.Name} is on {container.Host}",
    };

    public static void List(IAnsiConsole console, IEnumerable<FleetContainer> containers)
    {
        var list = new Listing(
            "The fleet has no container. Make one: dmagent container create --help",
            "NAME", "HOST", "STATE", "IMAGE", ">EPOCH", "");
        foreach (var container in containers)
        {
            list.Row(
                container.Name, Words.OrDash(container.Host), Words.Of(container.Phase), Words.OrDash(container.Image),
                $"{container.Epoch}", container.Phase == FleetContainer.Types.Phase.Present ? "" : container.Why);
        }
        list.Write(console);
    }
}
