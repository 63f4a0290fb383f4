package io.polybius.session;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The launch profiles that an operator offers.
 *
 * @param all the profiles, in the order in which they are shown
 * @param usual the name of the one for those who ask for none
 */
public record LaunchProfiles(List<LaunchProfile> all, Optional<String> usual) {

  /** None at all. */
  public static final LaunchProfiles NONE = new LaunchProfiles(List.of(), Optional.empty());

  /** Copies the list. */
  public LaunchProfiles {
    all = List.copyOf(all);
  }

  /** Returns the profile of that name. */
  public Optional<LaunchProfile> find(String name) {
    return all.stream().filter(profile -> profile.name().equals(name)).findFirst();
  }

  /**
   * Returns the profile that is asked for, or else the usual one, if there is one.
   *
   * @throws SessionException with {@link ErrorCode#REJECTED} if there is none of that name
   */
  Optional<LaunchProfile> of(ApplicationSettings asked) {
    Optional<String> name = asked.profile();
    if (name.isPresent() && find(name.get()).isEmpty()) {
      throw new SessionException(
          ErrorCode.REJECTED,
          "There is no launch profile '%s' here. %s"
              .formatted(SubmittedPaths.printable(name.get()), names()));
    }
    return name.or(() -> usual).flatMap(this::find);
  }

  private String names() {
    return all.isEmpty()
        ? "There are none."
        : ApplicationSettings.PROFILE
            + " can be: "
            + all.stream().map(LaunchProfile::name).collect(Collectors.joining(", "));
  }
}
