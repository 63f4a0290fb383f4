# The R of a session: runs what the driver asks for. Nothing but base R is needed.
#
# Commands come by a pipe, one after the other. What R says lies in a file of a folder that only the user can read,
# before a mark with the file's number is written into both standard streams: the driver reads them up to there first.
# What is printed goes out through the process's own streams, so that the output of C code and of child processes is
# there too. Interrupts are allowed in the user's code only.
#
# All of this sees nothing but base R, and names the packages of other functions: the user may call a function of his own
# `c`, and so may a package that he attaches.

local({
  mark <- Sys.getenv("POLYBIUS_MARK")
  folder <- Sys.getenv("POLYBIUS_FOLDER")
  Sys.unsetenv(c("POLYBIUS_MARK", "POLYBIUS_FOLDER"))

  cell <- "<cell>"
  max_depth <- 100L
  max_warnings <- 50L
  max_calls <- 40L
  max_candidates <- 500L
  shown_rows <- 20L
  echoed_rows <- 60L
  max_shown <- 2^20

  commands <- file("/dev/fd/3", "rb", raw = TRUE)
  streams <- list(file("/dev/fd/1", "wb", raw = TRUE), file("/dev/fd/2", "wb", raw = TRUE))

  # ---- what R says, as JSON

  text <- function(value) {
    value <- as.character(value)
    if (length(value) == 0L) return(value)
    Encoding(value)[Encoding(value) == "bytes"] <- "unknown"
    value <- enc2utf8(value)
    wrong <- !validUTF8(value)
    value[wrong] <- iconv(value[wrong], "UTF-8", "UTF-8", sub = "byte")
    value
  }

  quoted <- function(value) {
    value <- gsub("\\", "\\\\", text(value), fixed = TRUE)
    value <- gsub("\"", "\\\"", value, fixed = TRUE)
    control <- grep("[\\x01-\\x1f]", value, perl = TRUE)
    for (code in if (length(control)) 1:31) {
      value[control] <- gsub(intToUtf8(code), sprintf("\\u%04x", code), value[control], fixed = TRUE)
    }
    paste0("\"", value, "\"")
  }

  flag <- function(value) if (isTRUE(value)) "true" else "false"

  sequence <- function(items) paste0("[", paste0(items, collapse = ","), "]")

  object <- function(...) {
    parts <- c(...)
    if (length(parts) == 0L) return("{}")
    paste0("{", paste0(quoted(names(parts)), ":", parts, collapse = ","), "}")
  }

  number <- 0L

  # Children that the user's code forks have neither the driver's ear nor its commands.
  leader <- Sys.getpid()

  say <- function(kind, what) {
    if (Sys.getpid() != leader) return(invisible())
    suspendInterrupts({
      number <<- number + 1L
      file <- file(file.path(folder, paste0("message-", number)), "wb")
      writeBin(charToRaw(paste0(kind, "\n", what)), file)
      close(file)
      flush(stdout())
      for (stream in streams) {
        writeBin(charToRaw(paste0(mark, number, "\n")), stream)
        flush(stream)
      }
    })
    invisible()
  }

  # ---- what the driver says

  read_command <- function() {
    count <- readBin(commands, "integer", endian = "big")
    if (length(count) == 0L) {
      quit("no")
      # It refuses that in the midst of browser().
      tools::pskill(Sys.getpid(), tools::SIGKILL)
    }
    vapply(seq_len(count), function(index) {
      part <- rawToChar(readBin(commands, "raw", readBin(commands, "integer", endian = "big")))
      Encoding(part) <- "UTF-8"
      part
    }, "")
  }

  ask <- function(prompt = "", password = FALSE) {
    if (Sys.getpid() != leader) stop("a forked process cannot ask the user", call. = FALSE)
    suspendInterrupts({
      say("ask", object(prompt = quoted(paste0(prompt, collapse = "")), password = flag(password)))
      answer <- read_command()
    })
    switch(answer[[1L]],
      answer = answer[[2L]],
      end = NULL,
      cancelled = invokeRestart("abort"),
      stop(answer[[2L]], call. = FALSE))
  }

  # ---- values as plain data: a list of a letter for the type, and the content

  # format() writes years before 1000 and after 9999 as nobody reads them.
  day <- function(time, known) {
    year <- time$year + 1900
    ifelse(known, sprintf("%s%04.0f-%02.0f-%02.0f", ifelse(year > 9999, "+", ""), year, time$mon + 1, time$mday), NA)
  }

  floating <- function(value) {
    digits <- as.character(value)
    finite <- is.finite(value)
    rounded <- finite
    rounded[finite] <- as.numeric(digits[finite]) != value[finite]
    digits[rounded] <- sprintf("%.17g", value[rounded])
    digits[is.nan(value)] <- "nan"
    digits[!finite & !is.na(value)] <- ifelse(value[!finite & !is.na(value)] > 0, "inf", "-inf")
    form <- paste0("[\"f\",\"", digits, "\"]")
    form[is.na(value) & !is.nan(value)] <- "null"
    form
  }

  base64 <- function(bytes) {
    letters64 <- c(LETTERS, letters, 0:9, "+", "/")
    missing <- -length(bytes) %% 3L
    groups <- matrix(c(as.integer(bytes), integer(missing)), 3L)
    all <- groups[1L, ] * 65536L + groups[2L, ] * 256L + groups[3L, ]
    form <- letters64[rbind(all %/% 262144L, all %/% 4096L %% 64L, all %/% 64L %% 64L, all %% 64L) + 1L]
    form[length(form) + 1L - seq_len(missing)] <- "="
    paste0(form, collapse = "")
  }

  # Returns the form of each element of a vector.
  elements <- function(value) {
    tagged <- function(tag, content) {
      form <- paste0("[\"", tag, "\",", quoted(content), "]")
      form[is.na(content)] <- "null"
      form
    }
    if (length(value) == 0L) return(character())
    if (is.factor(value)) return(tagged("s", as.character(value)))
    if (inherits(value, "Date")) return(tagged("a", day(as.POSIXlt(value), is.finite(value))))
    if (inherits(value, "POSIXct")) {
      time <- as.POSIXlt(value + 5e-7, tz = "UTC")
      return(tagged("t", ifelse(is.finite(value), paste0(day(time, is.finite(value)), format(time, "T%H:%M:%OS6Z")), NA)))
    }
    switch(typeof(value),
      logical = ifelse(is.na(value), "null", ifelse(value, "true", "false")),
      integer = tagged("i", ifelse(is.na(value), NA, format(unclass(value), scientific = FALSE, trim = TRUE))),
      double = floating(as.numeric(unclass(value))),
      character = tagged("s", value),
      raw = tagged("i", as.character(as.integer(value))),
      complex = tagged("s", as.character(value)),
      list = vapply(unclass(value), plain, ""),
      has_no_plain_form(value))
  }

  has_no_plain_form <- function(value) {
    stop("a value of the class ", class(value)[[1L]], " has no plain form", call. = FALSE)
  }

  plain_types <- c("logical", "integer", "double", "character", "raw", "complex", "list")

  depth_of_value <- 0L

  plain <- function(value) {
    depth_of_value <<- depth_of_value + 1L
    on.exit(depth_of_value <<- depth_of_value - 1L)
    if (depth_of_value > max_depth) {
      stop("the value is nested more than ", max_depth, " levels deep", call. = FALSE)
    }
    if (is.null(value)) return("null")
    if (is.pairlist(value)) value <- as.list(value)
    # Environments and calls have a length and names as well.
    if (!typeof(value) %in% plain_types) has_no_plain_form(value)
    if (is.data.frame(value)) return(table_of(value))
    if (inherits(value, "POSIXlt")) value <- as.POSIXct(value)
    if (is.raw(value)) return(paste0("[\"b\",\"", base64(value), "\"]"))
    if (length(dim(value)) >= 2L) return(table_of(as.data.frame(value, stringsAsFactors = FALSE)))
    if (length(value) == 1L && !is.list(value) && is.null(names(value))) return(elements(value))
    forms <- elements(value)
    keys <- names(value)
    if (!is.null(keys) && all(nzchar(keys) & !is.na(keys)) && !anyDuplicated(keys)) {
      return(paste0("[\"m\",", sequence(paste0("[", quoted(keys), ",", forms, "]", recycle0 = TRUE)), "]"))
    }
    paste0("[\"q\",", sequence(forms), ",false]")
  }

  type_of_column <- function(column) {
    if (is.factor(column)) return("string")
    if (inherits(column, "Date")) return("date")
    if (inherits(column, "POSIXct")) return("timestamp")
    switch(typeof(column), logical = "boolean", integer = "integer", double = "double", raw = "integer", "string")
  }

  table_of <- function(value, rows = NROW(value)) {
    total <- NROW(value)
    value <- utils::head(value, rows)
    if (any(vapply(value, function(column) length(dim(column)) > 0L, NA))) {
      # A column can be a matrix or a table by itself.
      value <- do.call(data.frame, c(as.list(value), list(check.names = FALSE, stringsAsFactors = FALSE)))
    }
    columns <- lapply(seq_along(value), function(index) {
      column <- value[[index]]
      if (inherits(column, "POSIXlt")) as.POSIXct(column) else column
    })
    schema <- sequence(paste0(
      rep("[", length(columns)), quoted(names(value)), ",", quoted(vapply(columns, type_of_column, "")), "]",
      recycle0 = TRUE))
    cells <- c(lapply(columns, elements), list(sep = ","))
    lines <- if (length(columns) == 0L) rep("", NROW(value)) else do.call(paste, cells)
    lines <- sequence(paste0("[", lines, "]", recycle0 = TRUE))
    paste0("[\"p\",", schema, ",", lines, ",", if (total > rows) sprintf("%d", total) else "false", "]")
  }

  # Names of rows say something only if somebody has given them.
  with_row_names <- function(value) {
    if (.row_names_info(value) <= 0L) return(value)
    named <- cbind(data.frame(row.names(value), stringsAsFactors = FALSE), as.data.frame(value))
    names(named) <- c("", names(value))
    row.names(named) <- NULL
    named
  }

  # ---- plots

  plot_files <- "^plot-.*[.]png$"
  devices <- 0L

  open_device <- function(...) {
    devices <<- devices + 1L
    grDevices::png(
      file.path(folder, sprintf("plot-%05d-%%05d.png", devices)),
      width = getOption("repr.plot.width", 7), height = getOption("repr.plot.height", 5), units = "in",
      res = getOption("repr.plot.res", 100),
      type = if (capabilities("cairo")) "cairo" else getOption("bitmapType"))
  }

  # Shows the pages that are whole. R writes a page when the next one begins, or the device is closed.
  show_pages <- function() {
    files <- sort(list.files(folder, plot_files, full.names = TRUE))
    for (file in files[file.size(files) > 0]) {
      say("plot", object(file = quoted(file)))
    }
  }

  # A device without a page stays, with what par() has set.
  close_devices <- function() {
    drawn <- sub("-[0-9]+[.]png$", "", list.files(folder, plot_files, full.names = TRUE))
    for (device in grDevices::dev.list()) {
      pattern <- attr(.Devices[[device]], "filepath")
      if (!is.null(pattern) && sub("-[^-]*$", "", pattern) %in% drawn) grDevices::dev.off(device)
    }
    show_pages()
  }

  # ---- the user's code

  depth <- 0L
  warned <- list()
  last_warnings <- NULL

  is_ours <- function(call) identical(call, quote(eval(expression, globalenv())))

  first_line_of <- function(call) {
    line <- deparse(call, nlines = 1L)[[1L]]
    if (nchar(line) > 200L) paste0(substr(line, 1L, 200L), "...") else line
  }

  head_of <- function(call) if (is.null(call) || is_ours(call)) "Error" else paste("Error in", first_line_of(call))

  # Returns the lines that say how R came to the error, from the user's own call on.
  lines_of <- function(calls) {
    if (length(calls) == 0L) return(character())
    numbers <- seq_along(calls)
    cut <- length(calls) > max_calls
    if (cut) numbers <- c(utils::head(numbers, max_calls / 2L), utils::tail(numbers, max_calls / 2L))
    lines <- vapply(numbers, function(index) {
      source <- attr(calls[[index]], "srcref")
      name <- if (is.null(source)) "" else basename(attr(source, "srcfile")$filename)
      place <- if (is.null(source)) "" else if (name == cell) paste(" at cell line", source[[1L]]) else {
        paste0(" at ", name, "#", source[[1L]])
      }
      paste0(index, ". ", first_line_of(calls[[index]]), place)
    }, "")
    c("Traceback:", if (cut) append(lines, "...", max_calls / 2L) else lines)
  }

  # Calls a function of a package with a value: methods are those that the user's code sees.
  as_user <- function(called, value) {
    depth <<- sys.nframe()
    scope <- new.env(parent = globalenv())
    scope$x <- value
    eval(as.call(list(called, quote(x))), scope)
  }

  message_of <- function(error) paste0(as_user(conditionMessage, error), collapse = "\n")

  failure <- function(error, calls) {
    object(
      name = quoted(head_of(conditionCall(error))),
      message = quoted(message_of(error)),
      lines = sequence(if (length(calls)) quoted(lines_of(calls))))
  }

  # Returns the calls of the user's code at an error, without those around and behind it.
  own_calls <- function(calls) {
    last <- length(calls) - 1L
    if (last > 0L && identical(calls[[last]][[1L]], quote(.handleSimpleError))) last <- last - 1L
    # Between this program and the user's code are withVisible() and two frames of eval().
    first <- depth + 4L
    if (first > last) list() else calls[first:last]
  }

  keep_warning <- function(warning) {
    call <- conditionCall(warning)
    if (getOption("warn") == 0L) {
      if (length(warned) < max_warnings) {
        warned[[length(warned) + 1L]] <<- list(conditionMessage(warning), if (!is_ours(call)) call)
      }
      invokeRestart("muffleWarning")
    } else if (getOption("warn") == 1L && is_ours(call)) {
      cat("Warning: ", conditionMessage(warning), "\n", sep = "", file = stderr())
      invokeRestart("muffleWarning")
    }
  }

  # R itself shows warnings when it is back at the prompt.
  show_warnings <- function() {
    if (length(warned) == 0L) return(invisible())
    all <- structure(lapply(warned, function(each) each[[2L]]), names = vapply(warned, function(each) each[[1L]], ""))
    class(all) <- "warnings"
    count <- length(warned)
    warned <<- list()
    last_warnings <<- all
    if (count <= 10L) {
      writeLines(utils::capture.output(print(all)), stderr())
    } else if (count < max_warnings) {
      cat("There were ", count, " warnings (use warnings() to see them)\n", sep = "", file = stderr())
    } else {
      cat("There were 50 or more warnings (use warnings() to see the first 50)\n", file = stderr())
    }
  }

  # Runs something of the user's, and returns what went wrong, or nothing.
  guarded <- function(body) {
    calls <- list()
    stopped <- object(name = quoted("Interrupted"), message = quoted(""), lines = "[]")
    wrong <- withRestarts(
      tryCatch(
        withCallingHandlers(
          {
            allowInterrupts(body())
            NULL
          },
          warning = keep_warning,
          error = function(error) calls <<- own_calls(sys.calls())),
        error = function(error) failure(error, calls),
        interrupt = function(condition) stopped),
      abort = function() stopped)
    show_warnings()
    wrong
  }

  evaluate <- function(expression) {
    depth <<- sys.nframe()
    withVisible(eval(expression, globalenv()))
  }

  # Prints as the prompt does.
  print_value <- function(value) {
    as_user(if (isS4(value)) methods::show else print, value)
    invisible()
  }

  captured <- function(body) {
    sunk <- rawConnection(raw(0), "wb")
    sink(sunk)
    level <- sink.number()
    on.exit({
      while (sink.number() >= level) sink()
      close(sunk)
    })
    body()
    form <- rawToChar(rawConnectionValue(sunk))
    Encoding(form) <- "UTF-8"
    form <- sub("\n$", "", form)
    if (nchar(form) <= max_shown) return(form)
    paste0(substr(form, 1L, max_shown), "\n[The rest is not shown; print() shows all.]")
  }

  show_value <- function(value, rich, last) {
    if (rich && is.data.frame(value) && sink.number() == 0L) {
      echo <- captured(function() print_value(utils::head(value, echoed_rows)))
      say("table", object(
        value = table_of(with_row_names(value), shown_rows), echo = quoted(echo), last = flag(last)))
    } else if (rich && inherits(value, "SparkDataFrame") && last) {
      say("frame", object(view = quoted(view_of(value)), echo = quoted(captured(function() print_value(value)))))
    } else if (rich && last && sink.number() == 0L) {
      form <- captured(function() print_value(value))
      if (nzchar(form)) say("value", object(echo = quoted(form)))
    } else {
      print_value(value)
    }
  }

  parsed <- function(code) parse(text = code, keep.source = TRUE, srcfile = srcfilecopy(cell, strsplit(code, "\n")[[1L]]))

  # Returns how a text is not whole: "incomplete", "invalid", or "complete" if it is.
  completeness <- function(code) {
    tryCatch({
      parsed(code)
      "complete"
    }, error = function(error) {
      if (grepl("unexpected (end of input|INCOMPLETE_STRING)", conditionMessage(error))) "incomplete" else "invalid"
    })
  }

  # Returns what the next line of an unfinished text begins with.
  indentation <- function(code) {
    last <- sub("(?s)^.*\n", "", sub("\\s+$", "", code), perl = TRUE)
    paste0(sub("\\S.*$", "", last), if (grepl("[{(]$", last)) "  " else "")
  }

  run <- function(code, first_line, rich) {
    # So that lines have the numbers that they have in the user's cell.
    code <- paste0(strrep("\n", first_line - 1L), code)
    expressions <- tryCatch(parsed(code), error = function(error) error)
    if (inherits(expressions, "error")) {
      if (completeness(code) == "incomplete") return(object(incomplete = "true"))
      return(object(error = object(
        name = quoted("Error in parse(text)"), message = quoted(conditionMessage(expressions)), lines = "[]")))
    }
    wrong <- guarded(function() {
      for (index in seq_along(expressions)) {
        result <- evaluate(expressions[[index]])
        replace(".Last.value", result$value)
        if (result$visible) show_value(result$value, rich, index == length(expressions))
        show_warnings()
      }
    })
    guarded_pages <- guarded(close_devices)
    if (is.null(wrong)) wrong <- guarded_pages
    if (is.null(wrong)) object() else object(error = wrong)
  }

  evaluate_text <- function(code) {
    form <- ""
    wrong <- guarded(function() {
      value <- evaluate(parsed(code)[[1L]])$value
      form <<- captured(function() print_value(value))
    })
    if (is.null(wrong)) object(text = quoted(form)) else object(error = wrong)
  }

  # Returns a value by its name, which may have parts: frame$column, package::data.
  find_value <- function(name) {
    is_name <- function(code) {
      is.symbol(code) ||
        (is.call(code) && length(code) == 3L && as.character(code[[1L]])[[1L]] %in% c("$", "@", "::") &&
          is_name(code[[2L]]) && is.symbol(code[[3L]]))
    }
    tryCatch({
      code <- str2lang(name)
      if (is_name(code)) list(eval(code, globalenv()))
    }, error = function(error) NULL)
  }

  value_of <- function(name, rows) {
    found <- find_value(name)
    if (is.null(found)) return(object(missing = "true"))
    value <- found[[1L]]
    if (inherits(value, "SparkDataFrame")) return(object(view = quoted(view_of(value))))
    tryCatch(
      object(plain = if (is.data.frame(value)) table_of(value, rows) else plain(value)),
      error = function(error) object(refused = quoted(message_of(error))))
  }

  # Gives a name to the value of an expression, which the driver has made of nothing but base R.
  define <- function(name, literal) {
    if (make.names(name) != name) {
      return(object(refused = quoted(paste0("'", name, "' cannot be the name of a variable in R"))))
    }
    tryCatch({
      assign(name, eval(str2lang(literal), baseenv()), envir = globalenv())
      object()
    }, error = function(error) object(refused = quoted(message_of(error))))
  }

  # ---- questions

  complete <- function(code, cursor) {
    before <- substr(code, 1L, cursor)
    start_of_line <- cursor - nchar(sub("(?s)^.*\n", "", before, perl = TRUE))
    line <- substr(before, start_of_line + 1L, cursor)
    utils:::.assignLinebuffer(line)
    utils:::.assignEnd(nchar(line))
    token <- utils:::.guessTokenFromLine()
    utils:::.completeToken()
    found <- utils::head(unique(utils:::.retrieveCompletions()), max_candidates)
    types <- vapply(found, function(name) {
      if (endsWith(name, "=")) return("argument")
      value <- if (make.names(name) == name) get0(name, envir = globalenv())
      if (is.function(value)) "function" else if (is.null(value)) "" else "instance"
    }, "", USE.NAMES = FALSE)
    pairs <- sequence(paste0("[", quoted(found), ",", quoted(types), "]", recycle0 = TRUE))
    object(candidates = pairs, start = sprintf("%d", cursor - nchar(token)), end = sprintf("%d", cursor))
  }

  # Returns the name at the cursor, or before the parenthesis in which it stands.
  name_at <- function(code, cursor) {
    part <- "[\\p{L}.][\\p{L}\\p{N}._]*"
    found <- gregexpr(paste0(part, "(?:(?::::?|[$@])", part, ")*"), code, perl = TRUE)[[1L]]
    starts <- as.integer(found) - 1L
    ends <- starts + attr(found, "match.length")
    names <- substring(code, starts + 1L, ends)
    at <- which(starts >= 0L & starts <= cursor & cursor <= ends)
    if (length(at)) return(names[[at[[1L]]]])
    depth <- 0L
    letters <- strsplit(substr(code, 1L, cursor), "")[[1L]]
    for (place in rev(seq_along(letters))) {
      depth <- depth + switch(letters[[place]], ")" = 1L, "(" = -1L, 0L)
      if (depth < 0L) return(c(names[starts >= 0L & ends == place - 1L], "")[[1L]])
    }
    ""
  }

  help_text <- function(name) {
    parts <- strsplit(name, ":::?")[[1L]]
    topic <- parts[[length(parts)]]
    files <- as.character(if (length(parts) == 2L) {
      eval(substitute(utils::help(topic, package = (place)), list(topic = topic, place = parts[[1L]])))
    } else {
      utils::help((topic))
    })
    if (length(files) == 0L) return("")
    page <- utils::capture.output(
      tools::Rd2txt(utils:::.getHelpFile(files[[1L]]), options = list(underline_titles = FALSE)))
    paste0(gsub("_\b", "", page), collapse = "\n")
  }

  inspect <- function(code, cursor, detailed) {
    name <- name_at(code, cursor)
    found <- if (nzchar(name)) find_value(name)
    is_own <- !is.null(found) && (grepl("[$@]", name) || exists(name, globalenv(), inherits = FALSE))
    page <- if (nzchar(name) && !is_own) tryCatch(help_text(name), error = function(error) "") else ""
    head <- if (is.null(found)) "" else if (is.function(found[[1L]])) {
      usage <- utils::head(utils::capture.output(print(args(found[[1L]]))), -1L)
      if (detailed && !nzchar(page)) usage <- utils::capture.output(print(found[[1L]]))
      paste0(c(paste0(name, ": ", usage[[1L]]), usage[-1L]), collapse = "\n")
    } else if (!nzchar(page)) {
      paste0(c(name, utils::capture.output(as_user(utils::str, found[[1L]]))), collapse = "\n")
    } else ""
    form <- paste0(c(head, page)[nzchar(c(head, page))], collapse = "\n\n")
    object(text = quoted(form))
  }

  # ---- Spark

  has_spark <- FALSE

  # SparkR reaches the driver's Spark by a port of the driver.
  attach_spark <- function(port, secret) {
    wrong <- guarded(function() {
      Sys.setenv(EXISTING_SPARKR_BACKEND_PORT = port, SPARKR_BACKEND_AUTH_SECRET = secret)
      on.exit(Sys.unsetenv("SPARKR_BACKEND_AUTH_SECRET"))
      suppressMessages(suppressPackageStartupMessages({
        library("SparkR", character.only = TRUE)
        session <- SparkR::sparkR.session(enableHiveSupport = FALSE)
      }))
      assign("spark", session, envir = globalenv())
      assign("sqlContext", session, envir = globalenv())
      assign("sc", get(".sparkRjsc", envir = get(".sparkREnv", asNamespace("SparkR"))), envir = globalenv())
    })
    has_spark <<- is.null(wrong)
    if (is.null(wrong)) object() else object(error = wrong)
  }

  views <- 0L

  # The driver sees what R calls a SparkDataFrame by a view, which it removes.
  view_of <- function(frame) {
    views <<- views + 1L
    view <- paste0("polybius_r_", Sys.getpid(), "_", views)
    SparkR::createOrReplaceTempView(frame, view)
    view
  }

  join_job_group <- function(group, description) {
    if (has_spark && nzchar(group)) SparkR::setJobGroup(group, description, TRUE)
  }

  # ---- what is different from an R in a terminal

  replace <- function(name, value) {
    unlockBinding(name, baseenv())
    assign(name, value, envir = baseenv())
    lockBinding(name, baseenv())
  }

  settle <- function() {
    options(
      device = open_device,
      keep.source = TRUE,
      menu.graphics = FALSE,
      askpass = function(prompt = "Password: ") ask(prompt, TRUE),
      pager = function(files, header, title, delete.file) {
        pages <- vapply(files, function(file) paste0(gsub("_\b", "", readLines(file)), collapse = "\n"), "")
        if (delete.file) unlink(files)
        say("page", object(text = quoted(paste0(pages, collapse = "\n\n"))))
      })
    setHook("plot.new", function(...) show_pages())
    setHook("grid.newpage", function(...) show_pages())
    replace("readline", function(prompt = "") {
      answer <- ask(prompt)
      if (is.null(answer)) "" else answer
    })
    replace("warnings", function(...) if (!is.null(last_warnings)) structure(last_warnings, dots = list(...)))
    read_lines <- base::readLines
    replace("readLines", function(con = stdin(), n = -1L, ok = TRUE, warn = TRUE, encoding = "unknown", skipNul = FALSE) {
      if (!identical(summary.connection_or_null(con), "stdin")) {
        return(read_lines(con, n, ok, warn, encoding, skipNul))
      }
      # A notebook's input has no end, but for an empty line.
      lines <- character()
      while (n < 0L || length(lines) < n) {
        line <- ask()
        if (is.null(line) || (n < 0L && !nzchar(line))) break
        lines <- c(lines, line)
      }
      lines
    })
    replace("closeAllConnections", function() {
      while (sink.number() > 0L) sink()
      if (sink.number(type = "message") != 2L) sink(type = "message")
      ours <- c(commands, streams[[1L]], streams[[2L]])
      for (connection in setdiff(getAllConnections(), c(0:2, ours))) close(getConnection(connection))
    })
  }

  summary.connection_or_null <- function(con) {
    if (inherits(con, "terminal")) summary(con)$description else if (identical(con, "stdin")) "stdin"
  }

  # ---- the loop that serves the driver

  # Returns the answer of a function that may run code of the user's.
  answered <- function(body) {
    answer <- NULL
    wrong <- guarded(function() answer <<- body())
    if (is.null(wrong)) answer else object(error = wrong)
  }

  obey <- function(command) {
    switch(command[[1L]],
      run = {
        join_job_group(command[[5L]], command[[6L]])
        run(command[[2L]], as.integer(command[[3L]]), command[[4L]] == "true")
      },
      evaluate = evaluate_text(command[[2L]]),
      value = answered(function() value_of(command[[2L]], as.integer(command[[3L]]))),
      define = answered(function() define(command[[2L]], command[[3L]])),
      completeness = object(
        status = quoted(completeness(command[[2L]])), indent = quoted(indentation(command[[2L]]))),
      complete = complete(command[[2L]], as.integer(command[[3L]])),
      inspect = inspect(command[[2L]], as.integer(command[[3L]]), command[[4L]] == "true"),
      attach = attach_spark(command[[2L]], command[[3L]]))
  }

  # A signal that came when the code had ended is not meant for what comes next.
  forget_interrupts <- function() {
    tryCatch(allowInterrupts({
      for (turn in 1:2000) NULL
      Sys.sleep(1e-6)
    }), interrupt = function(condition) NULL)
  }

  settle()
  suspendInterrupts({
    say("done", object(
      version = quoted(paste(R.version$major, R.version$minor, sep = ".")),
      sparkr = flag(nzchar(system.file(package = "SparkR")))))
    repeat {
      command <- read_command()
      forget_interrupts()
      answer <- tryCatch(obey(command), error = function(error) object(failed = quoted(conditionMessage(error))))
      say("done", answer)
    }
  })
}, new.env(parent = baseenv()))
